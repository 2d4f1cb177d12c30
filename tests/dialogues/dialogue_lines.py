"""A dialogue as a list of lines: (who does what, what appears where, ...). People sit at a `Stage` or a `CliqDesk`."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Protocol

from dialogue_crm import CrmDesk
from dialogue_sight import shown


class Place(Protocol):
    """What is done and seen in Slack and in Cliq alike."""

    crm: CrmDesk

    async def types(self, who: str, typed: str) -> None: ...
    async def presses(self, who: str, button: str, *, times: int = 1, about: str = "") -> None: ...
    async def form(self, who: str, title: str = "") -> Any: ...
    async def fills(self, who: str, **fields: str) -> dict[str, str]: ...
    async def sees(self, who: str, said: str) -> Any: ...
    async def logged(self, said: str) -> Any: ...
    def everything(self, who: str) -> str: ...


Act = Callable[[Place], Awaitable[object]]
Line = tuple[Act, ...]


async def play(stage: Place, dialogue: Iterable[Line]) -> None:
    for line in dialogue:
        for act in line:
            await act(stage)


def types(who: str, typed: str) -> Act:
    return lambda stage: stage.types(who, typed)


def presses(who: str, button: str, *, about: str = "") -> Act:
    return lambda stage: stage.presses(who, button, about=about)


def fills(who: str, **fields: str) -> Act:
    """The form is accepted."""

    async def act(stage: Place) -> None:
        errors = await stage.fills(who, **fields)
        assert not errors, errors

    return act


def is_refused(who: str, beside: str, sentence: str, **fields: str) -> Act:
    """The form stays open, with a sentence beside the field."""

    async def act(stage: Place) -> None:
        errors = await stage.fills(who, **fields)
        assert errors == {beside: sentence}, errors

    return act


def sees(who: str, *sentences: str) -> Act:
    """A message that is new since the last deed says all this."""

    async def act(stage: Place) -> None:
        message = await stage.sees(who, sentences[0])
        for sentence in sentences[1:]:
            assert sentence in shown(message), shown(message)

    return act


def has(who: str, *sentences: str) -> Act:
    """Somewhere in all that the person has been shown so far, all this is said."""

    async def act(stage: Place) -> None:
        seen = stage.everything(who)
        for sentence in sentences:
            assert sentence in seen, sentence

    return act


def reads(who: str, title: str, *sentences: str) -> Act:
    """A window with this title opens and says all this."""

    async def act(stage: Place) -> None:
        view = await stage.form(who, title)
        for sentence in sentences:
            assert sentence in shown(view), shown(view)

    return act


def logged(sentence: str) -> Act:
    return lambda stage: stage.logged(sentence)


def retains(leaver: str) -> Act:
    """In the CRM, an administrator presses “Backup”, and it works."""

    async def act(stage: Place) -> None:
        assert stage.crm.retains(leaver)

    return act
