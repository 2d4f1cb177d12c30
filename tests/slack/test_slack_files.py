"""Files in the thread of a card, against the town's workspace over HTTP: each time once."""

import pytest
from slack_rig import Town

from bot.chat.surface import AnswerLost, Attachment, MessageRef, Refused, TryLater
from handlers.elements import Card, Paragraph
from sandbox.faults import Fault
from sandbox.slack.content import Content
from sandbox.slack.model import Message, StoredFile

CARD = Card("Amit Kumar's departure is closed", (Paragraph(("Closed",)),))
FILES = (Attachment("report-0007.html", b"<!doctype html>\xc3\xbc"), Attachment("ledger-0007.csv", b"a,b\r\n" * 90_000))


async def _card(town: Town) -> MessageRef:
    return await town.surface.post("U0ADA", CARD, key="d7:closed:ada@slack")


def _thread(town: Town, card: MessageRef) -> list[Message]:
    messages = town.workspace.channels[card.channel].messages
    return [message for message in messages.values() if message.thread_ts == card.message_id]


async def test_all_files_come_in_one_message_into_the_thread(town: Town) -> None:
    card = await _card(town)
    await town.surface.attach(card, FILES)
    (reply,) = _thread(town, card)
    assert [file["title"] for file in reply.files] == ["report-0007.html", "ledger-0007.csv"]
    stored = [town.workspace.files[file["id"]] for file in reply.files]
    assert [(file.name, file.content) for file in stored] == [(file.name, file.content) for file in FILES]
    assert all(file.shared for file in stored)


async def test_what_stands_there_is_not_added_again(town: Town) -> None:
    card = await _card(town)
    await town.surface.attach(card, FILES)
    await town.surface.attach(card, FILES)
    assert len(_thread(town, card)) == 1
    other = await town.surface.post("U0ADA", CARD, key="d8:closed:ada@slack")
    await town.surface.attach(other, FILES)
    assert len(_thread(town, other)) == 1


async def test_it_is_found_behind_a_long_talk(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.chat.slack.surface._HISTORY_PAGE", 3)
    card = await _card(town)
    channel = town.workspace.channels[card.channel]
    for n in range(7):
        town.workspace.post(channel, Content(f"{n}", []), user="U0ADA", thread_ts=card.message_id)
    await town.surface.attach(card, FILES)
    await town.surface.attach(card, FILES)
    assert len(_thread(town, card)) == 8


async def test_somebody_elses_file_of_that_name_is_not_ours(town: Town) -> None:
    card = await _card(town)
    same = Content("look", [], files=[{"id": "F1", "title": file.name} for file in FILES])
    town.workspace.post(town.workspace.channels[card.channel], same, user="U0ADA", thread_ts=card.message_id)
    await town.surface.attach(card, FILES)
    assert len(_thread(town, card)) == 2


async def test_a_lost_answer_leads_to_no_second_copy(town: Town) -> None:
    first, card = await _card(town), await _card(town)
    town.faults.switch(Fault.LOST_RESPONSE, on=True)
    await town.surface.attach(first, FILES)  # it strikes at the second call
    with pytest.raises(AnswerLost):
        await town.surface.attach(card, FILES)
    town.faults.switch(Fault.LOST_RESPONSE, on=False)
    await town.surface.attach(card, FILES)
    assert len(_thread(town, card)) == 1


async def test_without_the_scope_it_is_refused_by_name(town: Town) -> None:
    card = await _card(town)
    town.workspace.scopes.discard("files:write")
    with pytest.raises(Refused) as refusal:
        await town.surface.attach(card, FILES)
    assert refusal.value.code == "missing_scope"
    assert _thread(town, card) == []


class _Forgetful(dict[str, StoredFile]):
    """Reserves an address for a file's content and knows nothing of it afterwards."""

    def __setitem__(self, key: str, value: StoredFile) -> None:
        pass


async def test_a_content_that_is_not_taken_is_tried_later(town: Town) -> None:
    card = await _card(town)
    town.workspace.files = _Forgetful()
    with pytest.raises(TryLater) as later:
        await town.surface.attach(card, FILES)
    assert later.value.code == "upload"
    assert _thread(town, card) == []
