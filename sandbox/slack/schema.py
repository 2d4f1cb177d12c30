"""A small language for the shape of JSON: each function makes a check that yields what Slack would complain about.

The wording follows the messages of `response_metadata.messages`, https://docs.slack.dev/tools/block-kit-builder and
https://docs.slack.dev/reference/methods/blocks.validate.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Problem:
    """One complaint. `pointer` is a JSON pointer to the offending place."""

    pointer: str
    message: str
    code: str = "failed_constraint"


Check = Callable[[Any, str], Iterator[Problem]]


def string(most: int, *, least: int = 1, choices: Collection[str] = ()) -> Check:
    """A string of `least` to `most` Unicode code points; one of `choices` where there are any."""

    def check(value: Any, pointer: str) -> Iterator[Problem]:
        if not isinstance(value, str):
            yield Problem(pointer, "must provide a string")
        elif len(value) < least:
            yield Problem(pointer, f"must be more than {least - 1} characters")
        elif len(value) > most:
            yield Problem(pointer, f"must be less than {most + 1} characters")
        elif choices and value not in choices:
            yield Problem(pointer, "must be a valid enum value")

    return check


def enum(*choices: str) -> Check:
    return string(255, choices=choices)


def number(least: float, most: float) -> Check:
    """A number from `least` to `most`, both included; JSON's booleans are none."""

    def check(value: Any, pointer: str) -> Iterator[Problem]:
        if isinstance(value, bool) or not isinstance(value, int | float):
            yield Problem(pointer, "must provide a number")
        elif value < least:
            yield Problem(pointer, f"must be at least {least}")
        elif value > most:
            yield Problem(pointer, f"must be at most {most}")

    return check


def flag(value: Any, pointer: str) -> Iterator[Problem]:
    """A boolean."""
    if not isinstance(value, bool):
        yield Problem(pointer, "must provide a boolean")


def anything(_value: Any, _pointer: str) -> Iterator[Problem]:
    """Whatever: parts of Block Kit whose inside nobody documents."""
    return iter(())


def items(of: Check, most: int, *, least: int = 1) -> Check:
    """An array of `least` to `most` items, each of which passes `of`."""

    def check(value: Any, pointer: str) -> Iterator[Problem]:
        if not isinstance(value, list):
            yield Problem(pointer, "must provide an array")
            return
        if len(value) > most:
            yield Problem(pointer, f"no more than {most} items allowed")
        if len(value) < least:
            yield Problem(pointer, f"must provide at least {least} items")
        for index, item in enumerate(value):
            yield from of(item, f"{pointer}/{index}")

    return check


def _nothing_more(_value: Mapping[str, Any], _pointer: str) -> Iterator[Problem]:
    return iter(())


def record(
    fields: Mapping[str, Check],
    *,
    required: Collection[str] = (),
    any_of: Collection[str] = (),
    also: Callable[[Mapping[str, Any], str], Iterator[Problem]] = _nothing_more,
) -> Check:
    """An object with these fields and no others. At least one of `any_of`; `also` sees objects that are sound so far.

    A field that is null counts as absent.
    """

    def check(value: Any, pointer: str) -> Iterator[Problem]:
        if not isinstance(value, dict):
            yield Problem(pointer, "must provide an object")
            return
        present = {name: item for name, item in value.items() if item is not None}
        found = [*_missing(present, required, any_of, pointer=pointer)]
        for name, item in present.items():
            if name in fields:
                found += fields[name](item, f"{pointer}/{name}")
            else:
                found.append(Problem(pointer, f"invalid additional property: {name}", "additional_property"))
        yield from found or also(present, pointer)

    return check


def _missing(
    present: Mapping[str, Any], required: Collection[str], any_of: Collection[str], *, pointer: str
) -> Iterator[Problem]:
    for name in required:
        if name not in present:
            yield Problem(pointer, f"missing required field: {name}", "missing_field")
    if any_of and not any(name in present for name in any_of):
        yield Problem(pointer, f"missing required field: {next(iter(any_of))}", "missing_field")


def variant(table: Mapping[str, Check]) -> Check:
    """An object whose `type` picks the check."""

    def check(value: Any, pointer: str) -> Iterator[Problem]:
        if not isinstance(value, dict):
            yield Problem(pointer, "must provide an object")
        elif "type" not in value:
            yield Problem(pointer, "missing required field: type", "missing_field")
        elif str(value["type"]) not in table:
            yield Problem(f"{pointer}/type", f"unsupported type: {value['type']}")
        else:
            yield from table[str(value["type"])](value, pointer)

    return check


def plain(most: int) -> Check:
    """A text object of type `plain_text` with at most `most` characters."""
    return variant({"plain_text": _text_object(most, "emoji")})


def text(most: int = 3000) -> Check:
    """A text object of either type with at most `most` characters."""
    return variant({"plain_text": _text_object(most, "emoji"), "mrkdwn": _text_object(most, "verbatim")})


def _text_object(most: int, switch: str) -> Check:
    return record({"type": anything, "text": string(most), switch: flag}, required=["text"])
