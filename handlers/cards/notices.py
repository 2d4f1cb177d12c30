"""What the log channel is told while records change hands. People are named, never mentioned: nobody needs to act."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from connectors.base import Record
from handlers.cards.common import Channel
from handlers.departure import Departure
from handlers.elements import Actions, Card, Fact, Facts, Heading, LinkButton, Note
from handlers.plan import SystemPlan
from handlers.progress import ModuleProgress
from handlers.texts import Texts


@dataclass(frozen=True)
class Change:
    """A record that changed hands: `new` is whose it is now, `url` leads to it."""

    record: Record
    new: str
    url: str


def owner_change_notice(
    channel: Channel, departure: Departure, plan: SystemPlan, progress: ModuleProgress, *, new: Sequence[str], url: str
) -> Card:
    """One module has changed hands. `url` leads to one of its records."""
    texts = Texts(channel.language, channel.time_zone)
    what = Fact(progress.label, (texts.t("notice.records", n=progress.moved),))
    owners = texts.listed(new)
    text = texts.t("notice.module.text", n=progress.moved, module=progress.label, old=plan.leaver.name, new=owners)
    small_print = Note(
        texts.words("notice.departure", number=departure.number, system=texts.t(f"system.{plan.system}"))
    )
    return _notice(texts, text, plan, small_print, what=what, new=owners, url=url)


def record_notice(channel: Channel, plan: SystemPlan, module_label: str, change: Change) -> Card:
    """One record has changed hands."""
    texts = Texts(channel.language, channel.time_zone)
    text = texts.t("notice.record.text", record=change.record.label, old=plan.leaver.name, new=change.new)
    what = Fact(texts.t("notice.record"), (change.record.label,))
    small_print = Note((module_label, " · ", texts.t("notice.id", id=change.record.id)))
    return _notice(texts, text, plan, small_print, what=what, new=change.new, url=change.url)


@dataclass(frozen=True)
class Relayed:
    """An owner change that a system reports of itself. What it does not say is None."""

    system: str
    module: str
    record_id: str
    label: str | None
    old: str | None
    new: str | None
    at: datetime | None


def relayed_notice(channel: Channel, change: Relayed, url: str) -> Card:
    """Somebody gave one record another owner, outside a departure. `url` leads to the record."""
    texts = Texts(channel.language, channel.time_zone)
    module, system = _readable(change.module), texts.t(f"system.{change.system}")
    record = change.label or texts.t("notice.relayed.unnamed", id=change.record_id, module=module)
    untold = texts.t("notice.relayed.untold", system=system)
    facts = [
        Fact(texts.t("notice.record"), (record,)),
        Fact(texts.t("notice.old_owner"), (change.old or untold,)),
        Fact(texts.t("notice.new_owner"), (change.new or untold,)),
    ]
    if change.at:
        facts.append(Fact(texts.t("notice.relayed.at"), (texts.moment(change.at),)))
    return Card(
        _relayed_text(texts, record, change),
        (
            Heading(texts.t("notice.title")),
            Facts(tuple(facts)),
            Note((module, " · ", texts.t("notice.id", id=change.record_id))),
            Note((texts.t("notice.relayed.origin", system=system),)),
            Actions((LinkButton(texts.t("button.view", system=system), url),)),
        ),
    )


def relayed_summary(channel: Channel, system: str, counts: Mapping[str, int]) -> Card:
    """More of them than anybody would read; `counts` is by module."""
    texts = Texts(channel.language, channel.time_zone)
    name = texts.t(f"system.{system}")
    modules = (Fact(_readable(module), (texts.t("notice.records", n=n),)) for module, n in sorted(counts.items()))
    return Card(
        texts.t("notice.relayed.many", n=sum(counts.values()), system=name),
        (
            Heading(texts.t("notice.title")),
            Facts(tuple(modules)),
            Note((texts.t("notice.relayed.counted"), " ", texts.t("notice.relayed.origin", system=name))),
        ),
    )


def _relayed_text(texts: Texts, record: str, change: Relayed) -> str:
    match change.old, change.new:
        case str(old), str(new):
            return texts.t("notice.record.text", record=record, old=old, new=new)
        case None, str(new):
            return texts.t("notice.relayed.given", record=record, new=new)
        case str(old), None:
            return texts.t("notice.relayed.taken", record=record, old=old)
        case _:
            return texts.t("notice.relayed.changed", record=record)


def _readable(module: str) -> str:
    """An API name as people read it."""
    return module.replace("_", " ")


def _notice(texts: Texts, text: str, plan: SystemPlan, small_print: Note, *, what: Fact, new: str, url: str) -> Card:
    owners = (
        Fact(texts.t("notice.old_owner"), (plan.leaver.name,)),
        Fact(texts.t("notice.new_owner"), (new,)),
    )
    view = Actions((LinkButton(texts.t("button.view", system=texts.t(f"system.{plan.system}")), url),))
    return Card(text, (Heading(texts.t("notice.title")), Facts((what, *owners)), small_print, view))
