"""Several successors, what each of them says to it, and the real one who comes later."""

import pytest
from cliq_stage import CliqDesk
from dialogue_lines import fills, has, is_refused, play, presses, reads, sees
from dialogue_sight import de, en, shown
from dialogue_stage import Stage

from bot.store import ledger
from handlers.departure import State
from handlers.events import HandoverAnswered, HandoverReply
from handlers.ports import LedgerOutcome
from sandbox.people import BY_KEY

pytestmark = pytest.mark.asyncio(loop_scope="module")
SURFACE = "both"
NAME = {key: person.name for key, person in BY_KEY.items()}
VERA = NAME["vera"]
WRONG = {
    "Leads for ben": en("routes.unreadable", line="Leads for ben"),
    "Letters: ben@brightwater.example": en("routes.module", name="Letters"),
    "Leads: nobody@brightwater.example": en("routes.nobody", name="nobody@brightwater.example"),
    "Leads 100 %: ben@brightwater.example": en("routes.share", line="Leads 100 %: ben@brightwater.example"),
}
RIGHT = "Contacts: ben@brightwater.example"
CLOSED = en("closed.title", leaver=VERA)
QUESTION, PROPOSAL = "Who knows the Danubia deal?", "Hanna, who knows them all."


async def test_a_rule_that_cannot_be_followed_is_refused_beside_the_field(stage: Stage) -> None:
    await stage.brings("vera", State.SUCCESSOR)
    wrong = [(is_refused("ada", "others", said, successor="sofia", others=line),) for line, said in WRONG.items()]
    await play(
        stage,
        [
            (presses("ada", en("button.successor"), about=VERA),),
            *wrong,
            (fills("ada", successor="sofia", others=RIGHT, interim="yes"),),
            (sees("tomas", en("approval.title", leaver=VERA), NAME["ben"], NAME["sofia"]),),
        ],
    )


async def test_each_gets_their_part_and_answers(stage: Stage, cliq: CliqDesk) -> None:
    """Sofia accepts in Slack; Ben asks in Cliq, and proposes somebody else in Slack."""
    contacts = stage.town.crm.records("Contacts", owner=BY_KEY["vera"].crm_id)
    leads = stage.town.crm.records("Leads", owner=BY_KEY["vera"].crm_id)
    await stage.goes_on("vera", State.CLOSED)
    assert {stage.crm.owner("Contacts", each["id"]) for each in contacts} == {"ben"}
    assert {stage.crm.owner("Leads", each["id"]) for each in leads} <= {"sofia", "vera"}
    title = en("handover.title", leaver=VERA)
    await stage.clicks_anyway("gus", await stage.button("sofia", en("button.accept"), about=title))
    await stage.sees("gus", en("denied.successor_only"))
    await play(stage, [(presses("sofia", en("button.accept"), about=title), sees("sofia", "You accepted the records"))])
    await play(
        cliq,
        [
            (presses("ben", en("button.ask"), about=title),),
            (is_refused("ben", "reason", en("reason.missing"), reason=" "),),
            (fills("ben", reason=QUESTION), sees("tomas", QUESTION)),
        ],
    )
    await play(
        stage,
        [
            (presses("ben", en("button.propose"), about=title), reads("ben", en("form.propose.title"))),
            (fills("ben", reason=PROPOSAL), sees("ada", PROPOSAL)),
            (has("ada", en("handover.heard.asked", who="", leaver=VERA).strip(), QUESTION),),
        ],
    )
    assert [(e.by.name, e.reply) for e in await stage.happened("vera", HandoverAnswered)] == [
        (NAME["sofia"], HandoverReply.ACCEPTED), (NAME["ben"], HandoverReply.ASKED),
        (NAME["ben"], HandoverReply.PROPOSED),
    ]  # fmt: skip
    assert en("button.accept") not in stage.buttons("sofia", about=title)


async def test_a_proposal_moves_what_its_author_got(stage: Stage) -> None:
    """Ben's contacts, and nothing of Sofia's."""
    contacts = {each["id"] for each in stage.town.crm.records("Contacts", owner=BY_KEY["ben"].crm_id)}
    leads = {each["id"] for each in stage.town.crm.records("Leads", owner=BY_KEY["sofia"].crm_id)}
    await play(
        stage,
        [
            (
                presses("ada", en("button.hand_on"), about=PROPOSAL),
                reads("ada", en("form.handon.title"), NAME["ben"]),
            ),
            (is_refused("ada", "successor", en("hand_on.same", name=NAME["ben"]), successor="ben"),),
            (fills("ada", successor="hanna"), sees("hanna", de("handed_on.title", leaver=VERA))),
        ],
    )
    departure = await stage.reaches("vera", State.CLOSED)
    assert departure.successor
    assert departure.successor.name == NAME["sofia"]
    assert "hanna" in {stage.crm.owner("Contacts", each) for each in contacts}
    assert {stage.crm.owner("Leads", each) for each in leads} == {"sofia"}


async def test_the_real_successor_gets_what_the_interim_one_held(stage: Stage) -> None:
    departure = await stage.departure("vera")
    moved = await stage.service.database.read(lambda connection: list(ledger.rows(connection, departure.id)))
    held = [row.record_id for row in moved if row.module == "Leads" and row.outcome == LedgerOutcome.MOVED]
    own = [each["id"] for each in stage.town.crm.records("Leads", owner=BY_KEY["sofia"].crm_id)]
    assert held
    assert set(held) < set(own)
    await play(
        stage,
        [
            (presses("ada", en("button.hand_on"), about=CLOSED), reads("ada", en("form.handon.title"))),
            (is_refused("ada", "successor", en("hand_on.same", name=NAME["sofia"]), successor="sofia"),),
            (fills("ada", successor="hanna"), sees("ada", en("handed_on.title", leaver=VERA))),
        ],
    )
    await stage.reaches("vera", State.CLOSED)
    assert {stage.crm.owner("Leads", each) for each in held} == {"hanna"}
    assert {stage.crm.owner("Leads", each) for each in set(own) - set(held)} == {"sofia"}
    told = shown(await stage.sees("sofia", en("handover.nothing", leaver=VERA)))
    assert en("button.accept") not in told
    assert stage.posted_twice() == []
