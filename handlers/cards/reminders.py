"""Short messages about what waits: to whoever is asked and silent, to others who are asked as well, and at the end.

A reminder that is no longer needed says so in place, and an older one points to the newer.
"""

from collections.abc import Iterator
from functools import partial

from handlers.cards.case import state_text
from handlers.cards.common import Message, View
from handlers.cards.controls import item_button, show_button
from handlers.cards.parts import decided, expired, expired_text, paragraph
from handlers.cards.prompts import addressees
from handlers.departure import Departure, Prompt, Reminder, State
from handlers.elements import Actions, Button, Card, Inline, Link, Mention, Moment, Paragraph, Strong, Words
from handlers.people import Person
from handlers.reminding import ALONE, HANDOVER, START, days_left, for_handover, item_of, silent


def reminders(departure: Departure) -> Iterator[Message]:
    """Every short message of a departure, each with what tells it from the others."""
    for index, reminder in enumerate(departure.reminders):
        earlier = departure.reminders[:index]
        n = 1 + sum((each.turn, each.about) == (reminder.turn, reminder.about) for each in earlier)
        what = f"remind:{reminder.turn}:{reminder.about}:{n}"
        yield what, _people(departure, reminder), partial(_reminder, reminder)
    for prompt in departure.prompts:
        if prompt.besides:
            yield f"remind:{prompt.turn}:escalated:1", prompt.besides, partial(_escalated, prompt)
        if prompt.answer and expired(prompt.answer):
            yield "expired", (departure.admin, *addressees(departure, prompt)), partial(_expired, prompt)


def _people(departure: Departure, reminder: Reminder) -> tuple[Person, ...]:
    if reminder.about == START:
        return (departure.admin,)
    if reminder.about == HANDOVER:
        return (for_handover(departure),)
    if item := item_of(departure, reminder):
        return (item.assignee,)
    prompt = _prompt(departure, reminder)
    return addressees(departure, prompt, before=reminder.at) if prompt else ()


def _prompt(departure: Departure, reminder: Reminder) -> Prompt | None:
    return next((prompt for prompt in departure.prompts if prompt.turn == reminder.turn), None)


def _reminder(reminder: Reminder, view: View, _: Person) -> Card:
    over = _over(reminder, view)
    if over:
        return over
    later = [each for each in view.departure.reminders if each.at > reminder.at]
    if any(_subject(each) == _subject(reminder) for each in later):
        return _said(view, "remind.newer")
    item = item_of(view.departure, reminder)
    if item:
        due = view.texts.moment(item.due)
        return _said(view, "remind.item", item_button(view, item), item=item.named(view.texts.language), due=due)
    return _waiting(reminder, view)


def _subject(reminder: Reminder) -> str:
    """What the newest reminder about is the one that counts."""
    return reminder.about if days_left(reminder.about) is None else "retention"


def _over(reminder: Reminder, view: View) -> Card | None:
    """What became of it; None while it is still to be done."""
    departure, item, prompt = view.departure, item_of(view.departure, reminder), _prompt(view.departure, reminder)
    if item:
        if not item.settled or not item.by or not item.at:
            return None
        title = item.named(view.texts.language)
        return _said(view, "remind.item.over", item=title, who=view.person(item.by), at=view.texts.moment(item.at))
    if reminder.about == START:
        return None if departure.state is State.SCHEDULED else _said(view, "remind.start.over")
    if reminder.about == HANDOVER:
        return None if silent(departure) else _said(view, "remind.handover.over")
    return _answered(prompt, view) if prompt else None


def _answered(prompt: Prompt, view: View) -> Card | None:
    if prompt.answer is None:
        return None
    if expired(prompt.answer):
        return _expired(prompt, view)
    return _said(view, "remind.decided", decision=decided(view, prompt.answer))


def _waiting(reminder: Reminder, view: View) -> Card:
    departure, show = view.departure, show_button(view)
    if reminder.about == START:
        return _said(view, "remind.start", show, due=view.texts.moment(departure.due or departure.since))
    if reminder.about == HANDOVER:
        return _said(view, "remind.handover", show, who=view.people(silent(departure)))
    if departure.retention_until and days_left(reminder.about) is not None:
        return _said(view, "remind.retention", show, until=view.texts.date(departure.retention_until))
    key = "remind.alone" if reminder.about == ALONE else "remind.waiting"
    return _said(view, key, show, since=view.texts.moment(departure.since), stage=state_text(view))


def _escalated(prompt: Prompt, view: View, _: Person) -> Card:
    since = view.texts.moment(prompt.asked_at)
    names = view.people(addressees(view.departure, prompt, before=prompt.asked_at))
    open_card = partial(_said, view, "escalated.text", show_button(view), who=names, since=since)
    return _answered(prompt, view) or open_card(stage=state_text(view))


def _expired(prompt: Prompt, view: View, _: Person | None = None) -> Card:
    text = expired_text(view, prompt)
    return Card(text, (Paragraph((text,)), paragraph(view, "expired.next")))


def _said(view: View, key: str, button: Button | None = None, **inline: Inline | Words | int) -> Card:
    """One sentence, which is the notification as well, and the way to what it is about."""
    said = paragraph(view, key, leaver=view.leaver, **inline)
    return Card(_plain(said.words), (said, *([Actions((button,))] if button else [])))


def _plain(words: Words) -> str:
    return "".join(map(_text, words))


def _text(inline: Inline) -> str:
    match inline:
        case str():
            return inline
        case Strong(text) | Link(text):
            return text
        case Moment(_, fallback):
            return fallback
        case Mention(name):
            return name
