"""Pipedrive's limits: what calls cost, what is left for today, the pace."""

import asyncio
from datetime import UTC, datetime

import pytest
from pipedrive_rigs import AMIT, SOFIA, InTown, Script, scripted

from connectors.base import Part, Price, Work
from connectors.http import Answer, Call, together
from connectors.pace import Pace
from connectors.pipedrive.budget import Budget, tokens_of

# As the API's own description has them in `x-token-cost`.
COSTS = [
    ("GET", "/api/v2/deals", 10),
    ("GET", "/api/v2/deals/archived", 20),
    ("GET", "/api/v2/deals/17", 1),
    ("PATCH", "/api/v2/deals/17", 5),
    ("GET", "/api/v2/projects/archived", 10),
    ("GET", "/api/v2/tasks/17", 1),
    ("GET", "/api/v2/dealFields", 10),
    ("POST", "/api/v2/dealFields/label_ids/options", 5),
    ("GET", "/api/v1/dealFields", 20),
    ("PUT", "/api/v1/dealFields/3", 10),
    ("GET", "/api/v1/leads", 20),
    ("GET", "/api/v1/leads/archived", 40),
    ("GET", "/api/v1/leads/8b1e7a30-5d7c-4a67-9a0a-2f3d4c5b6a79", 2),
    ("PATCH", "/api/v1/leads/8b1e7a30-5d7c-4a67-9a0a-2f3d4c5b6a79", 10),
    ("GET", "/api/v1/leadLabels", 10),
    ("POST", "/api/v1/leadLabels", 10),
    ("GET", "/api/v1/deals/summary", 40),
    ("GET", "/api/v1/users", 20),
    ("GET", "/api/v1/users/me", 2),
    ("GET", "/api/v1/users/5", 2),
    ("PUT", "/api/v1/users/5", 10),
    ("GET", "/api/v1/users/5/permissions", 10),
    ("GET", "/api/v1/goals/find", 20),
    ("GET", "/api/v1/filters", 20),
    ("GET", "/api/v1/filters/5", 2),
    ("GET", "/api/v1/webhooks", 10),
]


@pytest.mark.parametrize(("method", "path", "tokens"), COSTS)
def test_each_call_costs_what_the_vendor_says(method: str, path: str, tokens: int) -> None:
    assert tokens_of(method, path) == tokens


class TestBudget:
    def test_it_is_counted_down_and_begins_anew_each_day(self) -> None:
        now = datetime(2026, 3, 2, 23, 59, tzinfo=UTC)
        budget = Budget(100, clock=lambda: now)
        assert budget.left == 100

        for _ in range(3):
            budget.problem(Call("GET", "/api/v2/deals"), Answer(200, {"success": True}))
        assert budget.left == 70
        budget.problem(Call("GET", "/api/v2/deals"), Answer(429))
        assert budget.left == 70, "a refused call costs nothing"
        for _ in range(8):
            budget.problem(Call("GET", "/api/v2/deals"), Answer(200, {"success": True}))
        assert budget.left == 0
        now = datetime(2026, 3, 3, 0, 1, tzinfo=UTC)
        assert budget.left == 100

    def test_the_vendors_word_counts_more(self) -> None:
        budget = Budget(100, clock=lambda: datetime.now(UTC))
        header = {"x-daily-ratelimit-token-remaining": "4711"}

        budget.problem(Call("GET", "/api/v2/deals"), Answer(200, {"success": True}, header))

        assert budget.left == 4711

    def test_without_either_nothing_is_known(self) -> None:
        budget = Budget(None, clock=lambda: datetime.now(UTC))
        budget.problem(Call("GET", "/api/v2/deals"), Answer(200, {"success": True}))
        assert budget.left is None


class Watch:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)


class TestPace:
    async def test_no_window_ever_has_more_calls_than_allowed(self) -> None:
        watch = Watch()
        pace = Pace(calls=14, seconds=2.0, clock=watch, sleep=watch.sleep)
        made: list[float] = []

        async def call(idle: float) -> None:
            await pace.turn()
            made.append(watch.now)
            watch.now += idle

        await together(call(0.03) for _ in range(100))
        for start in made:
            assert sum(start <= each < start + 2.0 for each in made) <= 14
        assert made[-1] - made[0] < 2.0 * (100 // 14 + 1), "and it waits no longer than it must"

    async def test_who_comes_seldom_never_waits(self) -> None:
        watch = Watch()
        pace = Pace(calls=1, seconds=2.0, clock=watch, sleep=watch.sleep)

        for _ in range(5):
            before = watch.now
            await pace.turn()
            assert watch.now == before
            watch.now += 2.0


async def test_a_vendor_with_the_smallest_plan_never_has_to_refuse(in_town: InTown) -> None:
    in_town.town.limits.burst, in_town.town.limits.window = 20, 0.2
    crm = in_town.make(requests_per_two_seconds=20)
    paced = Pace(calls=14, seconds=0.2)
    crm._api._http._pace = paced
    owned = await in_town.owned("persons")

    await crm.change_owner("persons", owned, SOFIA)

    assert len(owned) > 14
    assert len(in_town.sent("PATCH", "/v2/persons")) == len(owned), "none was sent twice"


async def test_a_hand_over_takes_the_calls_and_tokens_that_were_forecast(in_town: InTown) -> None:
    """As a run does it, by the plan's forecast: compare, read, look, move with the tag, count, and count again."""
    crm, town = in_town.crm, in_town.town
    await crm.loads([SOFIA])
    await crm.inventory(AMIT)
    counted = dict(town.open_owned(AMIT))
    forecast = [crm.price(Work.ONCE, "", 0)]
    for module, records in counted.items():
        works = ((Work.READ, records), (Work.LOOK, records), (Work.MOVE, records), (Work.COUNT, records))
        forecast += [crm.price(work, module, n) for work, n in (*works, (Work.COUNT, 0), (Work.RECOUNT, 0))]
    calls, tokens = len(in_town.calls), town.meter.used

    await crm.account(SOFIA)
    await crm.fitness(SOFIA)
    for module, records in counted.items():
        assert await crm.count(AMIT, module, Part.OPEN) == records
    sample = await crm.mail_sample(AMIT, limit=5)
    await crm.agenda(AMIT, until=town.clock.now())
    owned = {module: await in_town.owned(module) for module in counted}
    await crm.account(AMIT)
    await crm.deactivate(AMIT)
    for module, ids in owned.items():
        for start in range(0, len(ids), crm.limits.look):
            block = ids[start : start + crm.limits.look]
            assert not await crm.moved_away(AMIT, module, Part.OPEN, since=town.clock.now(), ids=block)
            for first in range(0, len(block), crm.limits.write):
                await crm.change_owner(module, block[first : first + crm.limits.write], SOFIA, tag="AmitRecords")
    for module in counted:
        assert await crm.count(AMIT, module, Part.OPEN) == await crm.recount(AMIT, module, Part.OPEN) == 0
    await crm.count_mails(AMIT, [each.record_id for each in sample])

    made = Price(len(in_town.calls) - calls, town.meter.used - tokens)
    said = Price(sum(each.calls for each in forecast), sum(each.credits for each in forecast))
    assert made == said


def test_looks_without_ids_read_the_list_that_is_left_each_time() -> None:
    crm = scripted(Script())

    assert crm.price(Work.LOOK, "deals", 1200) == Price(12, 120)
    # 1200 and 1100 down to 1001 in three pages, then two down to 501, then one
    assert crm.price(Work.LOOK, "leads", 1200) == Price(2 * 3 + 5 * 2 + 5 * 1, 21 * 20)
