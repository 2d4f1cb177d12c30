"""What people type and press, and what they are told: everybody, and everything that can be wrong."""

import pytest
from dialogue_lines import fills, is_refused, play, presses, reads, sees, types
from dialogue_sight import de, en, shown
from dialogue_stage import Stage

from handlers.departure import State
from sandbox.faults import Fault
from sandbox.people import BY_KEY

pytestmark = pytest.mark.asyncio(loop_scope="module")
NAME = {key: person.name for key, person in BY_KEY.items()}
JULIA = NAME["julia"]
NONE_FOR_JULIA = en("status.none", name=JULIA)

ANSWERS = {
    "help": ("ada", "/offboard help", en("help.start.typed"), en("help.cancel.does")),
    "nothing typed": ("gus", "/offboard", en("help.title")),
    "help in German": ("lena", "/offboard hilfe", de("help.title"), de("help.list.does")),
    "list": ("ada", "/offboard list", en("list.title")),
    "list by a stranger": ("gus", "/offboard list", en("denied.admin_only")),
    "unknown person": ("ada", "/offboard Zaphod", en("nobody.text", name="Zaphod"), en("nobody.hint")),
    "in Slack only": ("ada", "/offboard @gus", en("nobody.text", name=NAME["gus"])),
    "not understood": ("ada", "/offboard @amit to @ben", en("misunderstood", text="@amit to @ben")),
    "status of nobody": ("ada", "/offboard status @claire", en("status.none", name=NAME["claire"])),
    "cancel of nobody": ("ada", "/offboard cancel @claire", en("status.none", name=NAME["claire"])),
    "super admin": ("ada", "/offboard @petra", en("protected.super_admin", name=NAME["petra"], system="Zoho CRM")),
    "own grant": ("ada", "/offboard @noor", en("protected.own_grant", name=NAME["noor"], system="Zoho CRM")),
    "oneself": ("ada", "/offboard @ada", en("denied.leaver")),
    "the leaver": ("amit", "/offboard @amit", en("denied.admin_only")),
    "a stranger": ("gus", "/offboard @amit", en("denied.admin_only")),
    "a lead": ("tomas", "/offboard @amit", en("denied.admin_only")),
}  # fmt: skip


@pytest.mark.parametrize("case", ANSWERS)
async def test_answer(stage: Stage, case: str) -> None:
    who, typed, *sentences = ANSWERS[case]
    await play(stage, [(types(who, typed), sees(who, *sentences))])
    await stage.settled()
    (answer,) = [m for m in stage.new(who) if sentences[0] in shown(m)]
    assert answer.only_for == BY_KEY[who].slack_id, "nobody else sees it"


async def test_two_people_of_one_name_are_asked_about_and_never_guessed(stage: Stage) -> None:
    await stage.types("ada", "/offboard Alex Kim")
    card = shown(await stage.sees("ada", en("choose.text", n=2, name="Alex Kim")))
    assert BY_KEY["alex.kim"].email in card
    assert BY_KEY["alex.kim2"].email in card
    await stage.settled()
    assert en("started.text", leaver="Alex Kim") not in stage.everything("ada")
    await stage.presses("ada", en("button.start", name="Alex Kim"))  # the newest, so the second of the two
    await stage.sees("ada", en("successor.title", leaver="Alex Kim"))
    assert (await stage.departure("alex.kim2")).leaver.email == BY_KEY["alex.kim2"].email


@pytest.mark.parametrize("typed", ["claire@brightwater.example", BY_KEY["claire"].crm_id, "Claire Dubois", "@claire"])
async def test_a_leaver_is_named_by_address_id_name_or_mention(stage: Stage, typed: str) -> None:
    await stage.forget("claire")
    await play(stage, [(types("ada", f"/offboard {typed}"), sees("ada", en("started.text", leaver=NAME["claire"])))])


async def test_somebody_whose_departure_is_open_is_not_started_twice(stage: Stage) -> None:
    before = await stage.brings("julia", State.SUCCESSOR)
    already = en("already.text", leaver=JULIA, admin=NAME["ada"])
    await play(
        stage,
        [
            (types("noor", "/offboard @julia"), sees("noor", already, en("state.successor"))),
            (presses("noor", en("button.show"), about=already), sees("noor", en("case.title", leaver=JULIA))),
            (types("ada", "/offboard list"), sees("ada", en("list.title"), JULIA)),
            (types("ada", "/offboard status julia@brightwater.example"), sees("ada", en("case.title", leaver=JULIA))),
        ],
    )
    assert await stage.departure("julia") == before


@pytest.mark.parametrize("who", ["julia", "gus", "tomas", "sofia"])
@pytest.mark.parametrize("verb", ["status", "cancel"])
async def test_an_open_departure_is_not_given_away(stage: Stage, who: str, verb: str) -> None:
    """The leaver, strangers and other leads hear what they would hear if there were none."""
    before = await stage.brings("julia", State.SUCCESSOR)
    none = (de if who == "julia" else en)("status.none", name=JULIA)
    await play(stage, [(types(who, f"/offboard {verb} @julia"), sees(who, none))])
    assert await stage.departure("julia") == before


async def test_a_lead_sees_their_own_teams_departure_but_does_not_cancel_it(stage: Stage) -> None:
    await stage.brings("julia", State.SUCCESSOR)
    await play(
        stage,
        [
            (types("lena", "/offboard status @julia"), sees("lena", de("case.title", leaver=JULIA))),
            (types("lena", "/offboard cancel @julia"), sees("lena", de("denied.admin_only"))),
        ],
    )
    assert en("button.successor") not in stage.buttons("lena")


async def test_the_successor_is_found_by_typing_and_checked(stage: Stage) -> None:
    await stage.brings("julia", State.SUCCESSOR)
    await stage.presses("ada", en("button.successor"), about=JULIA)
    assert await stage.offered("ada", "fisch") == [NAME["hanna"]]
    assert await stage.offered("ada", "hanna@bright") == [NAME["hanna"]]
    assert NAME["ben"] in await stage.offered("ada", "b")
    for nobody in ("weber", "costa", "groß", "kowalski", "zaphod"):  # the leaver, unconfirmed, gone, deleted, unknown
        assert await stage.offered("ada", nobody) == []


async def test_a_successor_who_cannot_take_over_is_refused_beside_the_field(stage: Stage) -> None:
    """They were offered a moment ago; the CRM is asked afresh when the form is sent."""
    await stage.brings("julia", State.SUCCESSOR)
    await stage.presses("ada", en("button.successor"), about=JULIA)
    await stage.offered("ada", "carter")
    ben = NAME["ben"]
    stage.crm.set_status("ben", "disabled")
    try:
        inactive = en("successor.inactive", name=ben)
        await play(stage, [(is_refused("ada", "successor", inactive, successor="ben"), reads("ada", ""))])
    finally:
        stage.crm.set_status("ben", "active")
    assert (await stage.departure("julia")).state is State.SUCCESSOR
    await play(stage, [(fills("ada", successor="ben"), sees("lena", de("approval.title", leaver=JULIA)))])


async def test_a_successor_who_leaves_too_is_not_offered(stage: Stage) -> None:
    await stage.brings("claire", State.SUCCESSOR)
    await stage.brings("julia", State.SUCCESSOR)
    await stage.presses("ada", en("button.successor"), about=JULIA)
    assert await stage.offered("ada", "dubois") == []


async def test_only_the_admin_searches_for_a_successor(stage: Stage) -> None:
    """Lena opens nothing with Ada's button."""
    await stage.brings("julia", State.SUCCESSOR)
    await stage.clicks_anyway("lena", await stage.button("ada", en("button.successor"), about=JULIA))
    await stage.sees("lena", de("denied.admin_only"))
    assert stage.client("lena").modals() == []


async def test_sent_back_with_a_reason_and_planned_again(stage: Stage) -> None:
    await stage.forget("julia")
    first = await stage.brings("julia", State.APPROVAL, successor="ben")
    reason = "Ben is in another team; Hanna knows them."
    await play(
        stage,
        [
            (presses("lena", de("button.send_back"), about=JULIA), reads("lena", de("form.sendback.title"))),
            (is_refused("lena", "reason", de("reason.missing"), reason="  "),),
            (
                fills("lena", reason=reason),
                sees("lena", de("decided.sent_back", who="<@U0LENA>"), reason),
                sees("ada", en("successor.title", leaver=JULIA), reason),
            ),
            (presses("ada", en("button.successor"), about=reason), fills("ada", successor="hanna")),
            (sees("lena", de("approval.title", leaver=JULIA), "<@U0HANNA>"),),
        ],
    )
    second = await stage.reaches("julia", State.APPROVAL)
    assert second.digest != first.digest


async def test_cancelled_everybody_sees_it_and_it_can_start_again(stage: Stage) -> None:
    await stage.brings("julia", State.APPROVAL)
    await play(
        stage,
        [
            (types("noor", "/offboard cancel @julia"), sees("noor", en("cancelled.text", leaver=JULIA))),
            (sees("lena", de("decided.cancelled", who="<@U0NOOR>")), sees("ada", en("state.cancelled"))),
            (types("ada", "/offboard status @julia"), sees("ada", NONE_FOR_JULIA)),
            (types("ada", "/offboard @julia"), sees("ada", en("started.text", leaver=JULIA))),
        ],
    )


async def test_a_crm_that_does_not_answer_delays_and_loses_nothing(stage: Stage) -> None:
    await stage.forget("claire")
    faults = stage.town.faults["zoho"]
    faults.switch(Fault.SERVER_ERROR, on=True)
    faults.switch(Fault.RATE_LIMIT, on=True)
    before = faults.struck.total()
    await stage.brings("claire", State.SUCCESSOR)
    assert faults.struck.total() > before


async def test_the_home_page_shows_what_waits_for_whom(stage: Stage) -> None:
    await stage.brings("julia", State.APPROVAL)
    for who, said in (("lena", de("home.text", n=1)), ("gus", en("home.nothing")), ("julia", de("home.nothing"))):
        await stage.client(who).open_home()

        def look(who: str = who, said: str = said) -> bool | None:
            home = stage.client(who).home()
            return True if home and said in shown(home) else None

        await stage.until(look, f"{who}'s home page says “{said}”")
    home = stage.client("julia").home()
    assert home
    assert de("home.others") not in shown(home), "the leaver finds nothing about themselves"


async def test_no_card_is_posted_without_the_departures_number(stage: Stage) -> None:
    await stage.brings("amit", State.SUCCESSOR)
    number = (await stage.departure("amit")).number
    posted = [exchange.body for exchange in stage.town.wire.recent if "/chat." in exchange.url]
    assert any(f"no. {number}" in body for body in posted)
    assert not any("no. 0" in body for body in posted)
