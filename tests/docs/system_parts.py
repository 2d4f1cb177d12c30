"""What the connectors say of themselves, and how far each keeps the contract: the tables of `docs/systems.md` and
`docs/connectors.md`."""

import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

TESTS: Final = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "contract")]

from contract_grades import Grade, Line, grade, lines, tables  # noqa: E402
from plain_connectors import CONNECTORS  # noqa: E402

from connectors.base import Ability, Connector, Way, Work  # noqa: E402
from handlers.texts import Texts  # noqa: E402

SKELETON: Final = "skeleton"
# What a reader asks first; the table of reasons has all of them.
_SHOWN: Final = (
    Ability.DISCOVER,
    Ability.PLAN,
    Ability.TAG,
    Ability.TRANSFER,
    Ability.DEACTIVATE,
    Ability.REACTIVATE,
    Ability.VERIFY,
    Ability.UNDO,
    Ability.MAIL,
)
_WAYS: Final = {Way.API: "API", Way.GUIDED: "guided", Way.IMPOSSIBLE: "impossible"}
_WORDS: Final = {Grade.DONE: "done", Grade.TODO: "to do", Grade.EXEMPT: "exempt"}
_GRADES: Final = {Grade.DONE: "done", Grade.TODO: "**to do**", Grade.EXEMPT: "–"}
# The record type whose price stands for all: an open transaction, of which there are most.
_PRICED: Final = {
    "zoho_crm": "Deals",
    "pipedrive": "deals",
    "suitecrm": "Opportunities",
    "sangam": "Opportunity",
}
_MANY: Final = 1_000


@cache
def connectors() -> dict[str, Connector]:
    return {key: make() for key, make in CONNECTORS.items()}


def label(key: str) -> str:
    """The system's name, with how it is set up where it is there twice."""
    connector = connectors()[key]
    variant = key.removeprefix(connector.system).strip("_").replace("_", " ")
    return f"{connector.label}, {variant}" if variant else connector.label


def real() -> dict[str, Connector]:
    """Those that there is a vendor for."""
    return {key: connector for key, connector in connectors().items() if key != SKELETON}


def systems() -> Iterator[tuple[str, ...]]:
    """System by ability."""
    yield ("", *(_name(ability) for ability in _SHOWN))
    for key, connector in real().items():
        yield (label(key), *(_WAYS[connector.capabilities[ability].way] for ability in _SHOWN))


def reasons() -> Iterator[tuple[str, ...]]:
    """Each ability that is not had by API, and why."""
    texts = Texts("en")
    yield ("System", "What", "How", "Why")
    for key, connector in real().items():
        for ability, how in connector.capabilities.items():
            if how.way is not Way.API:
                yield (label(key), _name(ability), _WAYS[how.way], texts.t(how.reason).replace("\n", " "))


def prices() -> Iterator[tuple[str, ...]]:
    """Calls for each moved record, in the parts that a hand-over of a thousand consists of."""
    yield ("", "read", "look for foreign changes", "tag", "change owner", "together", "of the daily allowance")
    for key, connector in real().items():
        if connector.capabilities[Ability.TRANSFER].way is not Way.API:
            continue
        works = (Work.READ, Work.LOOK, Work.TAG, Work.MOVE)
        found = [connector.price(work, _priced(connector.system), _MANY) for work in works]
        read, look, tag, move = (_each(price.calls) for price in found)
        tag = "with the owner" if connector.tags_along else tag
        total, spent = sum(price.calls for price in found), sum(price.credits for price in found)
        yield (label(key), read, look, tag, move, _each(total), _each(spent))


def grades() -> Iterator[tuple[str, ...]]:
    """Line of the contract by connector."""
    yield ("The contract", *(label(key) for key in connectors()))
    for line in lines():
        yield (_said(line), *(_GRADES[_grade(key, line)[0]] for key in connectors()))


def grade_reasons() -> Iterator[tuple[str, ...]]:
    """Why lines are exempt or still to do, with how many."""
    texts = Texts("en")
    yield ("Connector", "Grade", "Lines", "Reason")
    for key in connectors():
        graded = [_grade(key, line) for line in lines()]
        for (found, reason), count in sorted(Counter(graded).items(), key=lambda each: list(Grade).index(each[0][0])):
            text = texts.t(reason).replace("\n", " ") if reason.startswith("ability.") else reason
            yield (label(key), _WORDS[found], str(count), text)


def _priced(system: str) -> str:
    """Raises `LookupError` with what to add for a new connector."""
    if system not in _PRICED:
        raise LookupError(
            f"_PRICED in {Path(__file__).name} lacks {system}: the record type whose price stands for all"
        )
    return _PRICED[system]


def _grade(key: str, line: Line) -> tuple[Grade, str]:
    return grade(line, connectors()[key].capabilities, tables()[key])


def _said(line: Line) -> str:
    group, _, test = line.name.rpartition(".")
    return f"{group.removeprefix('Test')}: {test.removeprefix('test_').replace('_', ' ')}"


def _name(ability: Ability) -> str:
    return {Ability.REACTIVATE: "re-activate"}.get(ability, ability.value)


def _each(calls: int) -> str:
    return f"{calls / _MANY:.3f}".rstrip("0").rstrip(".")
