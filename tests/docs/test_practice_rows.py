"""Each rule of practice is met, and what shows it exists."""

import ast
import re
from collections.abc import Callable
from functools import cache
from typing import Final

import pytest
from doc_parts import ROOT, made

from handlers.practice import ChecklistItem, load_practice
from handlers.texts import Texts, catalogue

_TEXT: Final = (ROOT / "docs/practice.md").read_text(encoding="utf-8")
_ROWS: Final = [
    tuple(cell.strip() for cell in line.strip("|").split(" | "))
    for line in _TEXT.splitlines()
    if re.match(r"\| [A-Z]\d+ \|", line)
]
_NUMBERS: Final = {"M": 14, "U": 6, "R": 13, "P": 7, "N": 2, "E": 7}
# Systems that have no connector: only people can see to them.
_BY_HAND: Final = ("M12", "M13", "U3", "U4", "E1", "E2", "E3", "E4", "E6", "E7")
_STEP: Final = re.compile(r"step `([^`]+)`")
_NAME: Final = re.compile(r"`([^`]+)`")


def _steps() -> dict[str, ChecklistItem]:
    return {item.key: item for item in load_practice(None).checklist}


@cache
def _functions(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def _is_test(name: str) -> bool:
    path, _, function = name.partition("::")
    return (ROOT / path).is_file() and function.startswith("test_") and function in _functions(path)


def _is_typed(name: str) -> bool:
    texts = Texts("en")
    return name in {texts.t(key) for key in catalogue() if re.fullmatch(r"help\.\w+\.typed", key)}


# How a name that shows something begins, and whether there is such a thing.
_KINDS: Final[dict[str, Callable[[str], bool]]] = {
    r"/offboard ": _is_typed,
    r"offboard ": lambda name: f"`{name}`" in made("commands"),
    r"tests/": _is_test,
    r"handlers/": lambda name: (ROOT / name).is_file(),
    r"[a-z_]+\.": lambda name: name in catalogue(),
}


def _exists(name: str) -> bool:
    return next((there(name) for start, there in _KINDS.items() if re.match(start, name)), False)


def test_every_rule_is_there_once_and_in_order() -> None:
    wanted = [f"{letter}{number}" for letter, count in _NUMBERS.items() for number in range(1, count + 1)]
    assert [row[0] for row in _ROWS] == wanted


@pytest.mark.parametrize("row", _ROWS, ids=lambda row: row[0])
def test_what_shows_a_rule_exists(row: tuple[str, ...]) -> None:
    assert all(row)
    _, _, _, shown = row
    steps, names = _STEP.findall(shown), _NAME.findall(_STEP.sub("", shown))
    assert steps or names
    assert set(steps) <= _steps().keys()
    assert [name for name in names if not _exists(name)] == []


@pytest.mark.parametrize("number", _BY_HAND)
def test_a_system_without_a_connector_is_a_step_with_evidence(number: str) -> None:
    (shown,) = [row[3] for row in _ROWS if row[0] == number]
    steps = [_steps()[key] for key in _STEP.findall(shown)]
    assert steps
    assert all(step.evidence and step.title.keys() == {"en", "de"} for step in steps)


@pytest.mark.parametrize(
    "name",
    ["/offboard nothing", "offboard nothing", "tests/docs/test_practice_rows.py::test_nothing", "handlers/nothing.py",
     "mailbox.nothing", "nothing"],
)  # fmt: skip
def test_what_does_not_exist_is_found_out(name: str) -> None:
    assert not _exists(name)
