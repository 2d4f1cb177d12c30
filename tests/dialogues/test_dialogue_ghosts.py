"""The home page shows an admin what former employees left behind, and the way from there into a departure."""

from collections import Counter
from collections.abc import Iterator

import pytest
from dialogue_sight import de, en, shown
from dialogue_stage import Stage

import handlers.ghosts
from handlers.departure import State
from sandbox.people import BY_KEY
from sandbox.slack import View

pytestmark = pytest.mark.asyncio(loop_scope="module")
FORMER = ("walter", "mei", "stan")


@pytest.fixture(scope="module", autouse=True)
def _count_at_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(handlers.ghosts, "_FIRST", 0.0)
        yield


async def home(stage: Stage, who: str, said: str) -> View:
    """The person opens their home page, which then says this."""
    await stage.client(who).open_home()

    def look() -> View | None:
        page = stage.client(who).home()
        return page if page and said in shown(page) else None

    return await stage.until(look, f"{who}'s home page says “{said}”")


async def test_an_admin_sees_them_as_the_crm_counts_them(stage: Stage) -> None:
    await stage.until(lambda: stage.service.ghosts.counted, "the service counts by itself")
    left = Counter[str]()
    for (user, _), count in stage.town.crm.ghosts().items():
        left[user] += count
    assert set(left) == {BY_KEY[key].crm_id for key in FORMER}

    total = en("home.ghosts.text", n=left.total(), at="").partition(",")[0]
    page = shown(await home(stage, "ada", total))

    for key in FORMER:
        owned = [
            (module.plural_label, stage.crm.ghosts(key).get(module.api_name, 0)) for module in stage.town.crm.modules()
        ]
        by_size = sorted(((label, n) for label, n in owned if n), key=lambda each: -each[1])
        modules = ", ".join(f"{label} {n}" for label, n in by_size)
        assert BY_KEY[key].name in page
        assert en("home.ghosts.person", n=left[str(BY_KEY[key].crm_id)], modules=modules) in page


async def test_a_lead_sees_those_of_their_own_team_and_nobody_else_sees_any(stage: Stage) -> None:
    await stage.until(lambda: stage.service.ghosts.counted, "the service counts by itself")
    pages = {
        "tomas": shown(await home(stage, "tomas", en("home.nothing"))),
        "lena": shown(await home(stage, "lena", de("home.nothing"))),
        "sofia": shown(await home(stage, "sofia", en("home.nothing"))),
    }
    seen = {who: {key for key in FORMER if BY_KEY[key].name in page} for who, page in pages.items()}
    assert seen == {"tomas": {"mei"}, "lena": {"walter"}, "sofia": set()}
    assert de("home.ghosts.title") in pages["lena"]
    assert de("button.start", name=BY_KEY["walter"].name) not in pages["lena"], "an admin starts it"


async def test_the_command_counts_them_now_and_its_button_starts_a_departure(stage: Stage) -> None:
    left = sum(sum(stage.crm.ghosts(key).values()) for key in FORMER)
    stage.crm.give("Contacts", 1, owner="claire", to="mei")
    await stage.types("lena", "/offboard ghosts")
    await stage.sees("lena", de("denied.admin_only"))
    await stage.types("ada", "/offboard ghosts")
    await stage.sees("ada", en("ghosts.text", n=left + 1))
    await stage.presses("ada", en("button.start", name=BY_KEY["mei"].name))
    await stage.reaches("mei", State.SUCCESSOR)
    await stage.types("ada", "/offboard geister")
    others = sum(sum(stage.crm.ghosts(key).values()) for key in FORMER if key != "mei")
    told = shown(await stage.sees("ada", en("ghosts.text", n=others)))
    assert BY_KEY["mei"].name not in told, "somebody takes care of that by now"
    await stage.forget("mei")


async def test_the_button_starts_a_departure_and_the_person_moves_up(stage: Stage) -> None:
    walter = BY_KEY["walter"]
    await stage.until(lambda: stage.service.ghosts.counted, "the service counts by itself")
    page = await home(stage, "ada", en("button.start", name=walter.name))
    controls = [(block, each) for block in page.blocks for each in block.get("elements", ()) if "action_id" in each]
    block, button = next(each for each in controls if walter.name in each[1]["text"]["text"])

    await stage.client("ada").click(view=page, block_id=block["block_id"], action_id=button["action_id"])

    await stage.reaches("walter", State.SUCCESSOR)
    said = shown(await home(stage, "ada", en("home.text", n=1)))
    assert en("button.start", name=walter.name) not in said
    assert en("button.start", name=BY_KEY["mei"].name) in said
