"""Looking somebody up while the chat product does not answer is a reason to wait, not to stop a departure."""

from typing import Any

import pytest

from bot.chat.people import ChatPeople
from bot.chat.surface import AnswerLost, ChatPerson, Refused, SurfaceError, TryLater
from connectors.base import Unavailable


class Away:
    def __init__(self, error: SurfaceError) -> None:
        self._error = error

    async def person(self, _: str) -> Any:
        raise self._error

    async def person_by_email(self, _: str) -> Any:
        raise self._error


@pytest.mark.parametrize(
    ("error", "pause"),
    [(TryLater("later", code="http_503", retry_after=7.0), 7.0), (AnswerLost("lost", code="http_500"), None)],
)
async def test_an_outage_of_the_chat_product_can_be_waited_for(error: SurfaceError, pause: float | None) -> None:
    people = ChatPeople({"slack": Away(error)})  # type: ignore[dict-item]  # only lookups are asked for
    for ask in (people.by_chat("slack", "U1"), people.by_email("lena@brightwater.example")):
        with pytest.raises(Unavailable) as raised:
            await ask
        assert (raised.value.system, raised.value.code, raised.value.retry_after) == ("slack", error.code, pause)


class Here:
    """A chat product that knows everybody."""

    async def person(self, chat_id: str) -> ChatPerson:
        return ChatPerson(chat_id, "Lena", "lena@x.example", "de", "UTC", active=True, is_bot=False)

    async def person_by_email(self, _: str) -> ChatPerson:
        return await self.person("U1")


@pytest.mark.parametrize("error", [TryLater("later", code="locked"), Refused("dead token", code="INVALID_TOKEN")])
async def test_one_chat_product_does_not_wait_for_the_other(error: SurfaceError) -> None:
    people = ChatPeople({"cliq": Away(error), "slack": Here()})  # type: ignore[dict-item]
    for found in (await people.by_chat("slack", "U1"), await people.by_email("lena@x.example")):
        assert found
        assert (found.chat, found.language) == ({"slack": "U1"}, "de")
