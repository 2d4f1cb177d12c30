"""What a system does with a leaver's private e-mails and seat once they are locked out, and when the inbox is free."""

from datetime import datetime

from handlers.cards.common import View
from handlers.cards.parts import fact
from handlers.elements import Fact
from handlers.lockout import erasures, inbox_free, inbox_matters


def lockout_facts(view: View, now: datetime | None = None) -> tuple[Fact, ...]:
    """Dates until which something can still be saved; with `now`, in how many days that is."""
    return (*_erasures(view, now), *_inbox(view))


def _erasures(view: View, now: datetime | None) -> tuple[Fact, ...]:
    texts = view.texts
    found = []
    for system, at in erasures(view.departure).items():
        key = "erasure.over" if now and at <= now else "erasure.in" if now else "erasure.at"
        days = (at - now).days if now else 0
        label = texts.t("fact.erasure", system=view.system(system))
        found.append(Fact(label, (texts.t(key, at=texts.date(at), n=days),)))
    return tuple(found)


def _inbox(view: View) -> tuple[Fact, ...]:
    if not inbox_matters(view.departure):
        return ()
    return (fact(view, "fact.inbox", view.texts.t("inbox.free" if inbox_free(view.departure) else "inbox.keep")),)
