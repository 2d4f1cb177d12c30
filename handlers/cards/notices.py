"""What the log channel is told while records change hands. People are named, never mentioned: nobody needs to act."""

from connectors.base import Record
from handlers.cards.common import Channel
from handlers.departure import Departure
from handlers.elements import Actions, Card, Element, Fact, Facts, Heading, LinkButton, Note
from handlers.plan import SystemPlan
from handlers.progress import ModuleProgress
from handlers.texts import Texts


def owner_change_notice(
    channel: Channel, departure: Departure, plan: SystemPlan, progress: ModuleProgress, url: str
) -> Card:
    """One module has changed hands. `url` leads to one of its records."""
    texts = Texts(channel.language, channel.time_zone)
    what = Fact(progress.label, (texts.t("notice.records", n=progress.moved),))
    text = texts.t(
        "notice.module.text",
        n=progress.moved,
        module=progress.label,
        old=plan.leaver.name,
        new=plan.successor.name,
    )
    small_print = Note(
        texts.words("notice.departure", number=departure.number, system=texts.t(f"system.{plan.system}"))
    )
    return _notice(texts, text, plan, what, url, small_print)


def record_notice(channel: Channel, plan: SystemPlan, module_label: str, record: Record, url: str) -> Card:
    """One record has changed hands."""
    texts = Texts(channel.language, channel.time_zone)
    text = texts.t("notice.record.text", record=record.label, old=plan.leaver.name, new=plan.successor.name)
    what = Fact(texts.t("notice.record"), (record.label,))
    small_print = Note((module_label, " · ", texts.t("notice.id", id=record.id)))
    return _notice(texts, text, plan, what, url, small_print)


def _notice(texts: Texts, text: str, plan: SystemPlan, what: Fact, url: str, *more: Element) -> Card:
    owners = (
        Fact(texts.t("notice.old_owner"), (plan.leaver.name,)),
        Fact(texts.t("notice.new_owner"), (plan.successor.name,)),
    )
    view = Actions((LinkButton(texts.t("button.view", system=texts.t(f"system.{plan.system}")), url),))
    return Card(text, (Heading(texts.t("notice.title")), Facts((what, *owners)), *more, view))
