"""The friendly no."""


class Refusal(Exception):
    """What a person asked for does not happen. `key` names the sentence in the text catalogue that says why.

    `field` names the form field beside which the sentence belongs; `values` fill its placeholders.
    """

    def __init__(self, key: str, *, field: str | None = None, **values: str | int) -> None:
        super().__init__(key)
        self.key = key
        self.field = field
        self.values = values
