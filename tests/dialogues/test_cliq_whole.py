"""A departure in Zoho Cliq from the command to the closed report, as everybody who takes part in it lives it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cliq_stage import CliqDesk, button_at, mention
from dialogue_crm import safe
from dialogue_lines import fills, is_refused, logged, play, presses, reads, retains, sees, types
from dialogue_setting import stage as staged
from dialogue_sight import de, en, shown
from dialogue_stage import Stage

import bot.chat.cliq.pace
from handlers.departure import State
from handlers.playbooks import StepKey
from sandbox.cliq.hall import LOG_CHANNEL_NAME
from sandbox.people import BY_KEY

pytestmark = pytest.mark.asyncio(loop_scope="module")
SURFACE = "cliq"
NAME = {key: person.name for key, person in BY_KEY.items()}
BIANCA, JULIA, CLAIRE = NAME["bianca"], NAME["julia"], NAME["claire"]


@pytest.fixture(autouse=True)
def _nothing_refused(stage: Stage) -> Iterator[None]:
    """Cliq shows all that the service answers with."""
    yield
    assert stage.town.hall.refusals == []


@pytest.fixture
def _real_limits(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As many calls as Cliq allows, and no more."""
    monkeypatch.setattr(bot.chat.cliq.pace, "_SHARE", 0.8)
    limits = stage.town.hall.limits
    ample, limits.scale = limits.scale, 1.0
    yield
    limits.scale = ample
    assert stage.town.hall.throttle._locked_until == {}, "Cliq has locked nothing"


@pytest.mark.usefixtures("_real_limits")
async def test_the_whole_departure_in_cliq(stage: Stage, cliq: CliqDesk) -> None:
    await play(
        cliq,
        [
            (
                types("ada", "/offboard @Bianca Rossi"),
                sees("ada", en("started.text", leaver=BIANCA), en("started.next")),
                sees(
                    "ada",
                    en("successor.title", leaver=BIANCA),
                    en("suggestion.manager", leaver=BIANCA, name=NAME["tomas"]),
                ),
            ),
            (
                presses("ada", en("button.successor")),
                reads("ada", en("form.successor.title"), en("form.successor.about", leaver=BIANCA)),
            ),
            (
                fills("ada", successor="sofia"),
                sees("tomas", en("approval.title", leaver=BIANCA), en("rule.open"), mention("sofia")),
                sees("ada", en("decided.successor_confirmed", who=mention("ada"))),
            ),
            (
                presses("tomas", en("button.approve")),
                sees("tomas", en("decided.approved", who=mention("tomas"))),
                sees("ada", en("mailbox.title", leaver=BIANCA), en("mailbox.later")),
            ),
            (
                presses("ada", en("button.mailbox")),
                reads("ada", en("form.mailbox.title")),
                fills("ada", **safe("bianca")),
                sees("ada", en("backup.title", leaver=BIANCA), en("verdict.zero", leaver=BIANCA)),
                sees("sofia", en("handover.title", leaver=BIANCA), en("handover.tag", tag="*BiancaRossiRecords*")),
                logged(en("notice.title")),
            ),
            (
                retains("bianca"),
                presses("ada", en("button.backup")),
                fills("ada", note="A contact shows the old mails."),
                sees("ada", en("closed.title", leaver=BIANCA), en("verdict.zero", leaver=BIANCA)),
                sees("tomas", en("closed.title", leaver=BIANCA)),
                logged(en("closed.text", leaver=BIANCA)),
            ),
        ],
    )
    departure = await stage.reaches("bianca", State.CLOSED)
    assert stage.crm.ghosts("bianca") == {}
    assert stage.crm.status("bianca") == "disabled"
    assert cliq.posted_twice() == []
    assert cliq.messages("bianca") == [], "the leaver is told nothing"
    assert [entry.type for entry in await stage.history("bianca") if entry.actor] == [
        "opened", "successor_confirmed", "approved", "mailbox_confirmed", "backup_confirmed",
    ]  # fmt: skip
    moved = departure.plan.move if departure.plan else 0
    reported = {result.step: result.evidence for result in departure.steps}
    assert reported[StepKey.TRANSFER] == {"moved": moved, "others": 0, "gone": 0}
    assert f"{en('fact.moved')} {moved}" in shown(await cliq.logged(en("closed.title", leaver=BIANCA)))


async def test_the_clicked_card_changes_in_place_with_the_answer(stage: Stage, cliq: CliqDesk) -> None:
    """The answer to the click is the edit: no call of Cliq's API stands between."""
    await stage.forget("bianca", "claire")
    await cliq.brings("claire", State.APPROVAL, successor="hanna")
    asked, place = await cliq.button("lena", de("button.approve"), about=CLAIRE)
    await cliq.client("lena").click(asked, place)
    (card,) = [m for m in cliq.messages("lena") if m.id == asked.id]
    assert de("decided.approved", who=mention("lena")) in shown(card)
    assert card.buttons == []
    await stage.reaches("claire", State.MAILBOX)


async def test_owner_changes_are_announced_in_the_channel(stage: Stage, cliq: CliqDesk) -> None:
    """One record: what changed hands, from whom, to whom, and a button to view it."""
    await cliq.brings("owen", State.MAILBOX, successor="ben")
    record = stage.town.crm.records("Contacts", owner=BY_KEY["ben"].crm_id, limit=1)[0]
    stage.town.crm.edit_owner("Contacts", record["id"], BY_KEY["owen"].crm_id or "")
    await cliq.presses("ada", en("button.mailbox"), about=NAME["owen"])
    assert await cliq.fills("ada", **safe("owen")) == {}
    await stage.reaches("owen", State.BACKUP)
    notice = await cliq.logged(en("notice.id", id=record["id"]))
    told = shown(notice)
    assert f"{en('notice.record')} " in told
    assert f"{en('notice.old_owner')} {NAME['owen']}" in told
    assert f"{en('notice.new_owner')} {NAME['ben']}" in told
    view = button_at((notice, 0))
    assert view["label"] == en("button.view", system=en("system.zoho_crm"))
    assert view["action"]["type"] == "open.url"
    assert record["id"] in view["action"]["data"]["web"]
    assert stage.crm.owner("Contacts", record["id"]) == "ben"


async def test_what_is_wrong_in_a_form_stands_beside_the_field(stage: Stage, cliq: CliqDesk) -> None:
    await stage.forget("julia")
    await cliq.brings("julia", State.SUCCESSOR)
    stage.crm.set_status("ben", "disabled")
    inactive = en("successor.inactive", name=NAME["ben"])
    try:
        # Offered a moment ago, from memory; asked afresh when the form is sent.
        await play(
            cliq,
            [
                (presses("ada", en("button.successor"), about=JULIA),),
                (is_refused("ada", "successor", inactive, successor="ben"), reads("ada", "")),
            ],
        )
    finally:
        stage.crm.set_status("ben", "active")
    assert (await stage.departure("julia")).state is State.SUCCESSOR
    await play(cliq, [(fills("ada", successor="ben"), sees("lena", de("approval.title", leaver=JULIA)))])


async def test_a_german_reader_sends_back_with_a_reason(stage: Stage, cliq: CliqDesk) -> None:
    first = await cliq.brings("julia", State.APPROVAL, successor="ben")
    reason = "Hanna kennt diese Kundschaft."
    await play(
        cliq,
        [
            (presses("lena", de("button.send_back"), about=JULIA), reads("lena", de("form.sendback.title"))),
            (is_refused("lena", "reason", de("reason.missing"), reason="  "),),
            (
                fills("lena", reason=reason),
                sees("lena", de("decided.sent_back", who=mention("lena")), reason),
                sees("ada", en("successor.title", leaver=JULIA), reason),
            ),
            (presses("ada", en("button.successor"), about=reason), fills("ada", successor="hanna")),
            (sees("lena", de("approval.title", leaver=JULIA), mention("hanna")),),
        ],
    )
    assert (await stage.reaches("julia", State.APPROVAL)).digest != first.digest


ANSWERS = {
    "help": ("ada", "/offboard help", en("help.start.typed"), en("help.cancel.does")),
    "nothing typed": ("gus", "/offboard", en("help.title")),
    "help in German": ("lena", "/offboard hilfe", de("help.title"), de("help.list.does")),
    "list": ("ada", "/offboard list", en("list.title")),
    "list by a stranger": ("gus", "/offboard list", en("denied.admin_only")),
    "unknown person": ("ada", "/offboard Zaphod", en("nobody.text", name="Zaphod"), en("nobody.hint")),
    "in chat only": ("ada", "/offboard @Gus Ahlberg", en("nobody.text", name=NAME["gus"])),
    "not understood": ("ada", "/offboard @Amit Kumar to @Ben Carter", en("misunderstood", text="")[:22]),
    "status of nobody": ("ada", f"/offboard status @{NAME['dmitri']}", en("status.none", name=NAME["dmitri"])),
    "super admin": (
        "ada", "/offboard @Petra Vogel", en("protected.super_admin", name=NAME["petra"], system="Zoho CRM"),
    ),
    "oneself": ("ada", f"/offboard @{NAME['ada']}", en("denied.leaver")),
    "a lead": ("tomas", "/offboard @Amit Kumar", en("denied.admin_only")),
}  # fmt: skip


@pytest.mark.parametrize("case", ANSWERS)
async def test_what_is_typed_in_a_channel_is_answered_to_the_asker_alone(
    stage: Stage, cliq: CliqDesk, case: str
) -> None:
    who, typed, *sentences = ANSWERS[case]
    general = cliq.hall.channel("general").id
    cliq.mark()
    await cliq.client(who).command(general, typed)
    await stage.settled()
    (answer,) = cliq.new(who)
    for sentence in sentences:
        assert sentence in shown(answer)
    assert (answer.chat_id, answer.only_for) == (general, cliq.hall.by_key(who).id)


async def test_status_list_and_cancel(stage: Stage, cliq: CliqDesk) -> None:
    await stage.forget("julia")
    await cliq.brings("julia", State.APPROVAL, successor="hanna")
    await play(
        cliq,
        [
            (types("ada", "/offboard list"), sees("ada", en("list.title"), JULIA)),
            (types("ada", "/offboard status @Julia Weber"), sees("ada", en("case.title", leaver=JULIA))),
            (types("lena", "/offboard status @Julia Weber"), sees("lena", de("case.title", leaver=JULIA))),
            (types("julia", "/offboard status @Julia Weber"), sees("julia", de("status.none", name=JULIA))),
            (types("noor", "/offboard cancel @Julia Weber"), sees("noor", en("cancelled.text", leaver=JULIA))),
            (sees("lena", de("decided.cancelled", who=mention("noor"))), sees("ada", en("state.cancelled"))),
            (types("ada", "/offboard status @Julia Weber"), sees("ada", en("status.none", name=JULIA))),
        ],
    )


@pytest.mark.parametrize("as_token", [False, True], ids=["by name", "as a token"])
async def test_a_mention_is_understood_in_both_spellings(stage: Stage, cliq: CliqDesk, as_token: bool) -> None:
    await stage.forget("claire")
    cliq.hall.courier.mention_tokens = as_token
    try:
        await cliq.types("ada", f"/offboard @{CLAIRE}")
        await cliq.sees("ada", en("started.text", leaver=CLAIRE))
        await cliq.types("ada", f"/offboard status @{CLAIRE}")
        await cliq.sees("ada", en("case.title", leaver=CLAIRE))
    finally:
        cliq.hall.courier.mention_tokens = False


async def test_a_line_to_the_bot_is_a_command_line(stage: Stage, cliq: CliqDesk) -> None:
    await stage.forget("claire")
    await cliq.says("ada", f"@{CLAIRE}")
    await cliq.sees("ada", en("started.text", leaver=CLAIRE))
    await stage.settled()
    await cliq.says("ada", "list")
    await cliq.sees("ada", en("list.title"))
    await cliq.says("gus", "What can you do?")
    await cliq.sees("gus", en("misunderstood", text="What can you do?"))


async def test_who_mentions_the_bot_in_a_channel_is_answered_where_nobody_else_reads(
    stage: Stage, cliq: CliqDesk
) -> None:
    await cliq.brings("claire", State.SUCCESSOR)
    general = cliq.hall.channel("general")
    cliq.mark()
    await cliq.client("ada").mention(general.id, f"status @{CLAIRE}")
    answer = await cliq.sees("ada", en("case.title", leaver=CLAIRE))
    assert answer.chat_id == cliq.direct("ada")
    await stage.settled()
    assert not [m for m in general.messages.values() if m.by_bot and not m.only_for], "the channel hears nothing"


async def test_home_in_the_bots_menu_and_in_the_widget(stage: Stage, cliq: CliqDesk) -> None:
    await stage.forget()
    await cliq.brings("julia", State.APPROVAL, successor="hanna")
    for who, said in (("lena", de("home.text", n=1)), ("gus", en("home.nothing")), ("julia", de("home.nothing"))):
        cliq.mark()
        await cliq.client(who).menu("Home")
        await cliq.sees(who, said)
        page: Any = await cliq.client(who).widget()
        assert said in str(page)
    assert JULIA not in str(await cliq.client("julia").widget()), "the leaver finds nothing about themselves"


async def test_the_widgets_button_shows_the_departure(cliq: CliqDesk) -> None:
    await cliq.brings("julia", State.APPROVAL, successor="hanna")
    await cliq.client("lena").widget()
    await cliq.client("lena").widget_button(de("button.show"))
    assert de("case.title", leaver=JULIA) in str(cliq.client("lena").applet)


async def test_suggestions_while_a_command_is_typed(cliq: CliqDesk) -> None:
    found = await cliq.client("ada").suggestions("/offboard st")
    assert [each["title"] for each in found] == ["status"]


@pytest.mark.postgres
async def test_the_whole_departure_in_cliq_on_postgres(tmp_path: Path, module_stage: Stage, postgres_url: str) -> None:
    await module_stage.stop()  # the engine library serves one database at a time in a process
    try:
        async with staged(tmp_path, postgres_url, "cliq") as stage:
            cliq = CliqDesk(stage)
            await cliq.brings("bianca", State.CLOSED)
            assert stage.crm.ghosts("bianca") == {}
            assert cliq.posted_twice() == []
            assert stage.town.hall.refusals == []
            channel = stage.town.hall.channel(LOG_CHANNEL_NAME)
            assert en("notice.title") in "\n".join(shown(m) for m in channel.messages.values())
    finally:
        await module_stage.start()
