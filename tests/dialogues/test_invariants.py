"""What must hold whatever happens. The sixth, about undo, has dialogues of its own; kill -9 has a suite of its own."""

from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any

import pytest
from dialogue_crm import safe
from dialogue_lines import fills, is_refused, play, presses, sees, types
from dialogue_sight import de, en, shown
from dialogue_stage import Stage
from sqlalchemy import inspect, text

from bot.store import ledger
from connectors.base import BatchResult, Part, Rejected
from handlers.departure import Departure, State
from handlers.playbooks import StepKey
from handlers.ports import LedgerOutcome
from sandbox.faults import Fault
from sandbox.people import BY_KEY

pytestmark = pytest.mark.asyncio(loop_scope="module")
STORY = "Julia's contract ends in May; ask her for the keys."
NAME = {key: person.name for key, person in BY_KEY.items()}


def crm(stage: Stage) -> Any:
    return stage.service.connectors["zoho_crm"]


def writes(stage: Stage) -> list[str]:
    """Every change that the CRM was asked for, as far back as the wire is kept."""
    sent = [e for e in stage.town.wire.recent if e.direction == "to_town" and "/crm/" in e.url and e.method != "GET"]
    return [e.url for e in sent if not e.url.endswith("/coql")]


async def test_invariant_1_no_write_without_an_approved_plan_that_still_matches(stage: Stage) -> None:
    leaver = NAME["ben"]
    before = await stage.brings("ben", State.MAILBOX)
    assert writes(stage) == [], "nothing is written before the approval and the mailbox"

    given = stage.crm.give("Contacts", 8, owner="ben", to="claire")
    await stage.presses("ada", en("button.mailbox"), about=leaver)
    assert await stage.fills("ada", **safe("ben")) == {}
    await play(stage, [(sees("tomas", en("approval.drift"), "13 → now 5"),)])
    voided = await stage.reaches("ben", State.APPROVAL)
    assert writes(stage) == [], "the approval is void: nothing is written"
    assert voided.digest != before.digest
    assert voided.approved is None

    await stage.presses("tomas", en("button.approve"), about=en("approval.drift"))
    after = await stage.reaches("ben", State.BACKUP)
    assert after.plan
    assert after.mailbox, "the mailbox is not asked about again"
    assert stage.crm.ghosts("ben") == {}
    assert {stage.crm.owner("Contacts", each) for each in given} == {"claire"}


async def test_invariant_2_only_listed_records_that_are_still_the_leavers_are_moved(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.brings("dmitri", State.MAILBOX, successor="sofia")
    given: list[str] = []
    tag = crm(stage).tag

    async def tag_while_a_colleague_works(module: str, ids: Sequence[str], name: str) -> BatchResult:
        if not given:
            given.extend(stage.crm.give("Contacts", 2, owner="dmitri", to="claire"))
        done: BatchResult = await tag(module, ids, name)
        return done

    monkeypatch.setattr(crm(stage), "tag", tag_while_a_colleague_works)
    already = len(stage.town.crm.recent_changes)
    await stage.presses("ada", en("button.mailbox"), about=NAME["dmitri"])
    assert await stage.fills("ada", **safe("dmitri")) == {}
    departure = await stage.reaches("dmitri", State.BACKUP)

    assert {stage.crm.owner("Contacts", each) for each in given} == {"claire"}, "what a colleague did stands"
    rows = await stage.service.database.read(lambda connection: list(ledger.rows(connection, departure.id)))
    assert {row.record_id for row in rows if row.outcome == LedgerOutcome.OTHERS} == set(given)
    listed = {row.record_id for row in rows}
    changed = {change.record_id for change in list(stage.town.crm.recent_changes)[already:]}
    assert changed <= listed, "every write named a record of the list"
    evidence = next(result.evidence for result in departure.steps if result.step is StepKey.TRANSFER)
    assert evidence["others"] == 2


async def test_invariant_3_lost_answers_and_lost_memory_change_nothing(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Answers get lost, tokens die, rows are refused for now, and the process forgets between any two units of work."""
    await stage.brings("bianca", State.MAILBOX)
    runner, faults = stage.service.runner, stage.town.faults["zoho"]
    forgetful = runner.__class__._load

    async def load(self: Any, departure_id: str) -> Any:
        self._memories.clear()
        return await forgetful(self, departure_id)

    monkeypatch.setattr(runner.__class__, "_load", load)
    for fault in (Fault.LOST_RESPONSE, Fault.EXPIRED_TOKEN, Fault.PARTIAL_SUCCESS, Fault.SERVER_ERROR):
        faults.switch(fault, on=True)
    already = len(stage.town.crm.recent_changes)
    await stage.presses("ada", en("button.mailbox"), about=NAME["bianca"])
    assert await stage.fills("ada", **safe("bianca")) == {}
    departure = await stage.reaches("bianca", State.BACKUP)
    assert faults.struck[Fault.LOST_RESPONSE]
    changed = [change.record_id for change in list(stage.town.crm.recent_changes)[already:]]
    assert sorted(changed) == sorted(set(changed)), "every record changed hands once"
    assert departure.plan
    assert len(changed) == departure.plan.move
    assert stage.crm.ghosts("bianca") == {}
    assert stage.posted_twice() == []


async def test_invariant_4_closed_only_at_zero_or_with_a_signature(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    leaver = NAME["owen"]
    await stage.brings("owen", State.MAILBOX, successor="sofia")

    async def one_is_left(_owner: str, module: str, _part: Part) -> int:
        return int(module == "Contacts")

    monkeypatch.setattr(crm(stage), "recount", one_is_left)
    ghosts = en("problem.ghosts_left", n=1, leaver=leaver)
    await play(
        stage,
        [
            (presses("ada", en("button.mailbox"), about=leaver), fills("ada", **safe("owen"))),
            (sees("ada", en("attention.title", leaver=leaver), ghosts),),
        ],
    )
    await stage.reaches("owen", State.ATTENTION)
    await play(
        stage,
        [
            (presses("ada", en("button.retry"), about=leaver), sees("ada", en("decided.retried", who="<@U0ADA>"))),
            (sees("ada", ghosts),),
        ],
    )
    await stage.reaches("owen", State.ATTENTION)
    assert en("button.backup") not in stage.buttons("ada", about=leaver)
    await play(
        stage,
        [
            (presses("marek", en("button.sign"), about=leaver),),
            (is_refused("marek", "reason", en("reason.missing"), reason=" "),),
            (fills("marek", reason="A test record that nobody needs."),),
            (sees("ada", en("backup.title", leaver=leaver), en("verdict.exceptions", leaver=leaver)),),
            (presses("ada", en("button.backup"), about=leaver), fills("ada", note="No mailbox.")),
            (sees("ada", en("closed.title", leaver=leaver), "A test record that nobody needs.", "<@U0MAREK>"),),
        ],
    )
    departure = await stage.reaches("owen", State.CLOSED)
    assert en("verdict.zero", leaver=leaver) not in stage.everything("ada").split(en("closed.title", leaver=leaver))[-1]
    assert {r.outcome for r in departure.steps if r.step is StepKey.RECOUNT} == {"skipped"}


async def test_invariant_4_records_that_stay_locked_are_never_reported_as_zero(stage: Stage) -> None:
    """Some of Yuki's accounts stay locked: refused, told, signed for, and named in the report."""
    leaver = NAME["yuki"]
    await stage.brings("yuki", State.MAILBOX, successor="hanna")
    stage.crm.prepares("yuki")
    await stage.presses("ada", en("button.mailbox"), about=leaver)
    assert await stage.fills("ada", **safe("yuki")) == {}
    stopped = await stage.reaches("yuki", State.ATTENTION)
    assert stopped.problem
    assert stopped.problem.key == "problem.rows_refused"
    left = sum(stage.crm.ghosts("yuki").values())
    assert stopped.problem.count == left > 0
    await play(
        stage,
        [
            (presses("lena", de("button.sign"), about=leaver), fills("lena", reason="Die Freigabe läuft noch.")),
            (sees("ada", en("backup.title", leaver=leaver), en("verdict.exceptions", leaver=leaver)),),
        ],
    )
    assert en("verdict.zero", leaver=leaver) not in stage.everything("ada")
    assert sum(stage.crm.ghosts("yuki").values()) == left


async def test_invariant_5_done_is_said_only_after_it_is_committed(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The CRM refuses the deactivation: that is told as it is, and no card says more than what is stored."""
    leaver = NAME["karl"]
    await stage.brings("karl", State.MAILBOX, successor="hanna")
    said: list[tuple[str, Departure]] = []
    post, edit = stage.service.slack.post, stage.service.slack.edit

    def watched(send: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def sending(where: Any, card: Any, **values: Any) -> Any:
            said.append((card.text, await stage.departure("karl")))
            return await send(where, card, **values)

        return sending

    async def refused(_account: str) -> bool:
        raise Rejected("not now", system="zoho_crm", code="NOT_ALLOWED")

    with monkeypatch.context() as patch:
        patch.setattr(crm(stage), "deactivate", refused)
        patch.setattr(stage.service.slack, "post", watched(post))
        patch.setattr(stage.service.slack, "edit", watched(edit))
        await stage.presses("ada", en("button.mailbox"), about=leaver)
        assert await stage.fills("ada", **safe("karl")) == {}
        stopped = await stage.reaches("karl", State.ATTENTION)
    assert StepKey.DEACTIVATE not in {result.step for result in stopped.steps}
    assert stage.crm.status("karl") == "active"
    with monkeypatch.context() as patch:
        patch.setattr(stage.service.slack, "post", watched(post))
        patch.setattr(stage.service.slack, "edit", watched(edit))
        await stage.presses("ada", en("button.retry"), about=leaver)
        await stage.reaches("karl", State.BACKUP)
        stage.crm.retains("karl")
        await stage.presses("ada", en("button.backup"), about=leaver)
        assert await stage.fills("ada", note="Saved.") == {}
        await stage.reaches("karl", State.CLOSED)
    after_run = {en("backup.text", leaver=leaver), de("handover.text", n=0, leaver=leaver)[-12:]}
    for card, departure in said:
        if any(words in card for words in after_run):
            assert departure.moved_in, card
        if en("closed.text", leaver=leaver) in card:
            assert departure.state is State.CLOSED, card


async def test_invariant_7_no_approver_means_nobody(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ada is the only admin and Claire's lead has left: nobody may approve, so the plan is not offered."""
    rules = stage.service.runner._rules
    monkeypatch.setattr(
        stage.service.runner, "_rules", rules.__class__(frozenset({BY_KEY["ada"].email}), rules.channels)
    )
    stage.crm.set_status("lena", "disabled")
    await crm(stage).accounts(fresh=True)
    try:
        await stage.types("ada", "/offboard @claire")
        await stage.sees("ada", en("problem.no_approver", leaver=NAME["claire"]))
        departure = await stage.reaches("claire", State.ATTENTION)
    finally:
        stage.crm.set_status("lena", "active")
        await crm(stage).accounts(fresh=True)
    assert departure.approvers == ()
    await stage.forget("claire")


async def test_invariant_7_who_is_needed_to_approve_does_not_choose(stage: Stage) -> None:
    """Karl has no lead, Ada started it: with a plan of Noor's nobody would be left to approve."""
    before = await stage.brings("karl", State.SUCCESSOR)
    await stage.types("noor", f"/offboard status {BY_KEY['karl'].email}")
    await stage.presses("noor", en("button.successor"), about=NAME["karl"])
    await stage.sees("noor", en("denied.nobody_left", name=NAME["ada"]))
    assert stage.client("noor").modals() == []
    assert await stage.departure("karl") == before
    planned = await stage.goes_on("karl", State.APPROVAL, successor="hanna")
    assert [person.name for person in planned.approvers] == [NAME["noor"]]
    await stage.forget("karl")


async def test_invariant_7_the_leaver_can_do_nothing(stage: Stage) -> None:
    before = await stage.brings("julia", State.APPROVAL)
    theirs = [
        await stage.button("ada", en("button.details"), about=NAME["julia"]),
        await stage.button("ada", en("button.cancel"), about=NAME["julia"]),
        await stage.button("lena", de("button.approve"), about=NAME["julia"]),
        await stage.button("lena", de("button.send_back"), about=NAME["julia"]),
    ]
    for message, block, element, value in theirs:
        await stage.clicks_anyway("julia", (message, block, element, None), value=value or "")
        await stage.sees("julia", de("denied.leaver"))
    assert stage.client("julia").modals() == []
    assert await stage.departure("julia") == before


async def test_invariant_8_every_delivery_has_one_effect(stage: Stage) -> None:
    """Each click and each form of a departure comes three times."""
    leaver = NAME["hanna"]
    await stage.types("ada", "/offboard @hanna")
    await stage.town.workspace.redeliver_last()
    await stage.reaches("hanna", State.SUCCESSOR)
    for who, button, fields, after in (
        ("ada", en("button.successor"), {"successor": "sofia"}, State.APPROVAL),
        ("lena", de("button.approve"), {}, State.MAILBOX),
    ):
        await stage.presses(who, button, about=leaver, times=1 if fields else 3)
        if fields:
            assert await stage.fills(who, **fields) == {}
        await stage.town.workspace.redeliver_last()
        await stage.town.workspace.redeliver_last()
        await stage.reaches("hanna", after)
    assert [e.type for e in await stage.history("hanna")] == ["opened", "planned", "successor_confirmed", "approved"]
    assert stage.posted_twice() == []


async def test_invariant_9_no_secret_and_no_message_body_in_log_or_database(
    stage: Stage, logs: list[MutableMapping[str, Any]]
) -> None:
    await stage.brings("julia", State.APPROVAL)
    await play(stage, [(types("ada", f"/offboard {STORY}"), sees("ada", STORY))])
    await stage.settled()
    town = stage.town
    tokens = [token for grant in town.crm.accounts._grants.values() for token in grant.tokens]
    secrets = [
        town.workspace.bot_token, town.workspace.signing_secret, town.workspace.app_token,
        town.crm.client_secret, town.crm.refresh_token, *tokens,
    ]  # fmt: skip
    assert tokens
    everything = await stage.service.database.read(_all_cells)
    assert logs
    logged = "\n".join(str(entry) for entry in logs)
    for secret in secrets:
        assert secret not in everything
        assert secret not in logged
    assert STORY not in everything, "what was typed is forgotten once it is answered"
    for words in (STORY, de("approval.title", leaver=NAME["julia"])):
        assert words not in logged


def _all_cells(connection: Any) -> str:
    tables = inspect(connection).get_table_names()
    cells = []
    for table in tables:
        cells += [str(cell) for row in connection.execute(text(f'SELECT * FROM "{table}"')) for cell in row]  # noqa: S608
    return "\n".join(cells)


async def test_invariant_10_what_is_not_understood_or_not_covered_is_said(
    stage: Stage, logs: list[MutableMapping[str, Any]]
) -> None:
    departure = await stage.brings("julia", State.APPROVAL)
    missing = [each for inventory in (departure.inventories or {}).values() for each in inventory.not_covered]
    assert missing
    message, block, element, _ = await stage.button("lena", de("button.approve"), about=NAME["julia"])
    for each in missing:
        assert each.label in shown(message)
    # A button of an earlier version: the person is told.
    await stage.clicks_anyway("lena", (message, block, element, None), value="v0:approve:whatever")
    await stage.sees("lena", de("misunderstood", text="v0:approve:whatever"))
    # An event that nobody knows: refused and logged, never swallowed.
    answer = await stage.town.workspace.courier.send(stage.town.workspace.courier.event({"type": "unheard_of"}))
    assert answer.failure == "http_error"
    assert any(e["log_level"] == "warning" and "unheard_of" in str(e) for e in logs)
