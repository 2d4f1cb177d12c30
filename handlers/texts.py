"""Every sentence that people read, in English and German, with numbers, money and dates as each language writes them.

The sentences stand in `texts.toml` beside this file: `[approval.title]` with `en` and `de`. A value is a text, or a
table of plural forms (`{one = "...", other = "..."}`) of which the number `n` chooses one.
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from functools import cache, lru_cache
from importlib import resources
from string import Formatter
from types import MappingProxyType
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, dates, lists, numbers

from handlers.elements import Inline, Moment, Words

LANGUAGES: Final = ("en", "de")

Forms = Mapping[str, str]  # plural category to template; "other" is always there


@cache
def catalogue() -> Mapping[str, Mapping[str, Forms]]:
    """All texts: key to language to plural forms."""
    source = resources.files("handlers").joinpath("texts.toml").read_text(encoding="utf-8")
    return MappingProxyType(dict(_flat(tomllib.loads(source), "")))


def _flat(node: Mapping[str, Any], key: str) -> Iterator[tuple[str, dict[str, Forms]]]:
    said = {language: node[language] for language in LANGUAGES if language in node}
    if said:
        yield key, {language: {"other": text} if isinstance(text, str) else text for language, text in said.items()}
    for name, child in node.items():
        if name not in LANGUAGES:
            yield from _flat(child, f"{key}.{name}" if key else name)


_FEW: Final = 5


class Texts:
    """The catalogue in one language and time zone. What is not known is read as English and UTC.

    A key that is not in the catalogue, or a placeholder that is not filled, raises `KeyError`.
    """

    def __init__(self, language: str, time_zone: str = "UTC") -> None:
        self.language = language if language in LANGUAGES else LANGUAGES[0]
        self._locale = _locale(self.language)
        self._zone = zone_of(time_zone)

    @property
    def time_zone(self) -> str:
        return str(self._zone)

    def t(self, key: str, **values: str | int) -> str:
        """The text with its placeholders filled. Numbers are written as the language does; `n` chooses the plural."""
        return self._template(key, values).format_map(self._written(values))

    def words(self, key: str, **inline: Inline | Words | int) -> Words:
        """The same with parts that are more than text: names, links, moments, or several of them in a row."""
        values = self._written(inline)
        parts: list[Inline] = []
        for literal, name in _parsed(self._template(key, inline)):
            parts += [literal] if literal else []
            if name:
                parts += values[name] if isinstance(values[name], tuple) else [values[name]]
        return tuple(parts)

    def number(self, value: int) -> str:
        return _number(value, self.language)

    def money(self, value: Decimal, currency: str | None) -> str:
        """An amount in whole units; `currency` is an ISO 4217 code."""
        return _money(value, currency, self.language)

    def moment(self, at: datetime) -> Moment:
        date, time = _date_and_time(at, self._zone, self.language)
        return Moment(at, f"{date}, {time}")

    def date(self, at: datetime) -> str:
        return _date_and_time(at, self._zone, self.language)[0]

    def duration(self, start: datetime, end: datetime) -> str:
        """How long something lasts, in its largest unit: "3 days"."""
        return dates.format_timedelta(end - start, granularity="minute", threshold=1.2, locale=self._locale)

    def listed(self, items: Iterable[str], *, either: bool = False) -> str:
        """ "a, b and c"; with `either`, "a, b or c"."""
        return _listed(tuple(items), "or" if either else "standard", self.language)

    def few(self, names: Iterable[str]) -> str:
        """ "a, b and 7 more": more than five in one sentence, and nobody reads it."""
        every = tuple(names)
        shown = every if len(every) <= _FEW + 1 else every[:_FEW]
        more = len(every) - len(shown)
        return self.listed((*shown, *((self.t("few.more", n=more),) if more else ())))

    def _template(self, key: str, values: Mapping[str, object]) -> str:
        forms = catalogue()[key][self.language]
        n = values.get("n")
        return forms.get(self._locale.plural_form(n) if isinstance(n, int) else "other", forms["other"])

    def _written(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return {name: self.number(value) if isinstance(value, int) else value for name, value in values.items()}


# A departure's messages are made anew after each event, from the same numbers and times: Babel is asked once for each.
_REMEMBERED: Final = 4096


@cache
def _locale(language: str) -> Locale:
    return Locale.parse(language)


@lru_cache(_REMEMBERED)
def zone_of(name: str) -> ZoneInfo:
    """The time zone of that IANA name, UTC where it is not known."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a directory of zones, a name too long for a file
        return ZoneInfo("UTC")


@lru_cache(_REMEMBERED)
def _parsed(template: str) -> tuple[tuple[str, str | None], ...]:
    """The literal pieces of a template, each with the name of the placeholder behind it."""
    return tuple((literal, name) for literal, name, _, _ in Formatter().parse(template))


@lru_cache(_REMEMBERED)
def _number(value: int, language: str) -> str:
    return numbers.format_decimal(value, locale=_locale(language))


@lru_cache(_REMEMBERED)
def _money(value: Decimal, currency: str | None, language: str) -> str:
    locale = _locale(language)
    if currency is None:
        return numbers.format_decimal(value, format="#,##0", locale=locale)
    pattern = locale.currency_formats["standard"].pattern.replace("0.00", "0")
    return numbers.format_currency(value, currency, format=pattern, locale=locale, currency_digits=False)


@lru_cache(_REMEMBERED)
def _date_and_time(at: datetime, zone: ZoneInfo, language: str) -> tuple[str, str]:
    locale = _locale(language)
    date = dates.format_date(at.astimezone(zone), "medium", locale=locale)
    return date, dates.format_time(at, "short", tzinfo=zone, locale=locale)


@lru_cache(_REMEMBERED)
def _listed(items: tuple[str, ...], style: Literal["or", "standard"], language: str) -> str:
    return lists.format_list(items, style, locale=_locale(language))
