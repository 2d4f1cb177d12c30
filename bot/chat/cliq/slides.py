"""The elements of a card as the title, slides and buttons of one message.

Cliq shows the buttons of a message together below all slides. https://www.zoho.com/cliq/help/restapi/v3/messagecards/
"""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from bot.chat.cliq import controls, tables
from bot.chat.cliq.markup import MORE, NOTHING, bold, plain, spoken, words
from handlers.elements import (
    Actions,
    Button,
    Divider,
    Element,
    Fact,
    Facts,
    Heading,
    Link,
    LinkButton,
    Note,
    Paragraph,
    Progress,
    Table,
)

Json = dict[str, Any]

_SLIDES: Final = 20
_CHARACTERS: Final = 10_000  # in all slides; counted as JSON, which is never less
_RESERVE: Final = 100  # for the slide that says how many are missing
_TEXT: Final = 3000
_TITLE: Final = 200
_FACTS: Final = 10  # in one slide
_FACT: Final = 500
_LABEL: Final = 75
_BAR: Final = 20


@dataclass
class Page:
    """One message in the making. `said` is its text: a paragraph that repeats it is left out."""

    said: str = ""
    title: str = ""
    _slides: list[Json] = field(default_factory=list)
    _lines: list[str] = field(default_factory=list)  # of the text slide in the making
    _decisions: list[tuple[Button | LinkButton, str]] = field(default_factory=list)
    _menu: list[tuple[Button | LinkButton, str]] = field(default_factory=list)
    _about: str = ""  # what the text above the next button begins with

    def add(self, element: Element) -> None:
        match element:
            case Heading(text):
                self._heading(text)
            case Paragraph(inlines):
                self._line(words(inlines, _TEXT))
                self._about = spoken(inlines).partition("\n")[0]
            case Note(inlines):
                self._line(words(inlines, _TEXT))
            case Progress():
                self._line(f"{plain(element.label, _FACT)}\n`{bar(element)}` {percent(element)}")
            case Facts():
                self._facts(element)
            case Table():
                self._table(element)
            case Divider():
                self._end_text()
            case Actions():
                self._actions(element)

    def finished(self) -> tuple[list[Json], list[Json]]:
        """Slides and buttons. The decisions come before the menu; a line says how many found no place."""
        placed = [*self._decisions, *self._menu]
        shown, missing = placed[: controls.BUTTONS], len(placed) - controls.BUTTONS
        if missing > 0:
            self._line(_left_out(missing))
        self._end_text()
        shared = Counter(button.text for button, _ in shown)
        buttons = [controls.button(each, about=about if shared[each.text] > 1 else "") for each, about in shown]
        return _fitting(self._slides), buttons

    def _heading(self, text: str) -> None:
        if not text.strip():
            return
        if not self.title:
            self.title = plain(text, _TITLE)
            return
        self._line(bold(text[:_TITLE]))

    def _line(self, text: str) -> None:
        if not text or text == self.said:
            return
        if sum(map(len, self._lines)) + len(text) > _TEXT:
            self._end_text()
        self._lines.append(text)

    def _end_text(self) -> None:
        if self._lines:
            self._slides.append({"type": "text", "data": "\n\n".join(self._lines)})
            self._lines = []

    def _facts(self, facts: Facts) -> None:
        self._end_text()
        labels = tables.unique(plain(fact.label, _LABEL) for fact in facts.facts)
        pairs = [{label: _value(fact)} for label, fact in zip(labels, facts.facts, strict=True)]
        parts = [pairs[start : start + _FACTS] for start in range(0, len(pairs), _FACTS)]
        self._slides += [{"type": "label", "data": part} for part in parts]

    def _table(self, table: Table) -> None:
        self._end_text()
        data, missing = tables.rendered(table)
        self._slides.append({"type": "table", "data": data})
        if missing:
            self._line(_left_out(missing))

    def _actions(self, actions: Actions) -> None:
        for each in actions.buttons:
            if isinstance(each, LinkButton) and not controls.openable(each):
                self._line(words((Link(each.text, each.url),), _TEXT))
            else:
                self._decisions.append((each, self._about))
        self._menu += [(each, self._about) for each in actions.menu]


def bar(progress: Progress) -> str:
    filled = int(_share(progress) * _BAR)
    return "█" * filled + "░" * (_BAR - filled)


def percent(progress: Progress) -> str:
    """Only a finished count shows as 100 %."""
    return f"{int(_share(progress) * 100)} %"


def _share(progress: Progress) -> float:
    return min(max(progress.done / progress.total, 0.0), 1.0) if progress.total > 0 else 1.0


def _value(fact: Fact) -> str:
    return words(fact.words, _FACT) or NOTHING


def _left_out(count: int) -> str:
    return f"{MORE} + {count}"


def _fitting(slides: list[Json]) -> list[Json]:
    """The slides as far as a message holds them; the last one then says how many are missing."""
    if len(slides) <= _SLIDES and _length(slides) <= _CHARACTERS:
        return slides
    kept: list[Json] = []
    room = _CHARACTERS - _RESERVE
    for slide in slides[: _SLIDES - 1]:
        room -= _length([slide])
        if room < 0:
            break
        kept.append(slide)
    return [*kept, {"type": "text", "data": _left_out(len(slides) - len(kept))}]


def _length(slides: Iterable[Json]) -> int:
    return len(json.dumps(list(slides), ensure_ascii=False))
