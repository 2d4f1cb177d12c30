"""What a list of suggestions on the page consists of."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Option:
    """One line of a list of suggestions: what is chosen, what is read, what stands small behind it."""

    value: str
    label: str
    detail: str = ""

    def json(self) -> dict[str, str]:
        return asdict(self)
