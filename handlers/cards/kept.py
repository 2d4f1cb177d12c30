"""What the count of the e-mails found afterwards: measured on a sample, not believed."""

from typing import Final

from handlers.cards.common import View
from handlers.cards.parts import note, paragraph
from handlers.elements import Element, Inline, Link, Paragraph, Strong
from handlers.mails import Mails, lost, mails

_LISTED: Final = 10


def mails_found(view: View) -> tuple[Element, ...]:
    """One sentence where all are kept; else each record with fewer e-mails than before. Nothing before the count."""
    sample = mails(view.departure)
    said = kept(view)
    if not said:
        return ()
    short = [each for each in sample if each.lost]
    more = len(short) - _LISTED
    return (
        Paragraph((Strong(said) if short else said,)),
        *(_short(view, each) for each in short[:_LISTED]),
        *((note(view, "mails.more", n=more),) if more > 0 else ()),
    )


def kept(view: View) -> str:
    """The same in one sentence; empty before the e-mails were counted again."""
    sample = mails(view.departure)
    if not sample or any(each.after is None for each in sample):
        return ""
    total, missing = sum(each.before for each in sample), lost(sample)
    if missing:
        return view.texts.t("mails.lost", n=missing, total=total)
    return view.texts.t("mails.kept", n=total, records=len(sample))


def _short(view: View, each: Mails) -> Paragraph:
    label = view.within(each.system, each.label)
    record: Inline = Link(label, each.url) if each.url else Strong(label)
    return paragraph(view, "mails.record", record=record, before=each.before, after=each.after or 0)
