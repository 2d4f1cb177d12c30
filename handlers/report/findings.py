"""What a departure adds up to besides its records: who got how much, forecast against reality."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final, TypeVar

from handlers.cards.common import View
from handlers.departure import Departure
from handlers.events import Event, RunEnded, RunStarted
from handlers.places import closing, is_field
from handlers.plan import Plan
from handlers.ports import LedgerOutcome
from handlers.report.case import Case
from handlers.texts import Texts

T = TypeVar("T", bound=Event)
_MOVED: Final = "report.forecast.records"


def receivers(case: Case, texts: Texts) -> tuple[tuple[str, str], ...]:
    """(name, how many records they got), most first. Whoever is named no more is shown by the account's id."""
    names = account_names(case.departure)
    counted = {f"{system}/{account}": n for (system, account), n in case.received.items()}
    everybody = sorted({*names, *counted}, key=lambda account: (-counted.get(account, 0), names.get(account, account)))
    view = View(case.departure, texts)
    return tuple(
        (view.within(each.partition("/")[0], names.get(each, each)), texts.t("notice.records", n=counted.get(each, 0)))
        for each in everybody
    )


def account_names(departure: Departure) -> dict[str, str]:
    """Name by "system/account id" of everybody who was to get records."""
    systems = departure.plan.systems if departure.plan else ()
    planned = {f"{system.system}/{account.id}": account.name for system in systems for account in system.receivers}
    return planned | {account: person.name for account, person in departure.receivers.items()}


def _told(case: Case, kind: type[T]) -> Iterator[T]:
    """The events of one kind, in order, as far as the purge has left them."""
    return (entry.event for entry in case.trail if isinstance(entry.event, kind))


def forecast(case: Case, texts: Texts) -> list[tuple[str, str, str]]:
    """(what, as forecast, as it was). The time is from the first beginning to the last end, with all waiting."""
    plan = case.departure.plan
    forecasts = [each.forecast for each in plan.systems if each.forecast] if plan else []
    if plan is None or not forecasts:
        return []
    seconds = max(each.seconds for each in forecasts)  # the systems go on side by side
    start, end = _run(case)
    took = texts.duration(start, end) if start and end else "–"
    expected = texts.duration(plan.made_at, plan.made_at + timedelta(seconds=seconds))
    return [
        *_changes(case, plan, texts),
        (texts.t("report.forecast.duration"), expected, took),
    ]


def _changes(case: Case, plan: Plan, texts: Texts) -> Iterator[tuple[str, str, str]]:
    """What moved; and where there is any, what was closed instead and which other fields changed; system by system."""
    view = View(case.departure, texts)
    for system in plan.systems:
        done = _changed(case, system.system)
        fields = sum(line.count for line in system.fields if line.move)
        planned = ((_MOVED, system.move), ("fact.close", system.close), ("fact.fields", fields))
        for key, n in planned:
            if n or done[key] or key == _MOVED:
                yield view.within(system.system, texts.t(key)), texts.number(n), texts.number(done[key])


def _changed(case: Case, system: str) -> Counter[str]:
    plan, found = case.departure.plan, Counter[str]()
    dead = closing(plan)
    for place, totals in case.totals.items():
        if place.system != system:
            continue
        field = is_field(plan, place.system, place.module)
        key = "fact.fields" if field else "fact.close" if (place.system, place.module) in dead else _MOVED
        found[key] += totals.count(LedgerOutcome.MOVED)
    return found


def _run(case: Case) -> tuple[datetime | None, datetime | None]:
    starts, ends = [each.at for each in _told(case, RunStarted)], [each.at for each in _told(case, RunEnded)]
    return min(starts, default=None), max(ends, default=None)
