"""How far each connector keeps the contract: `grades.toml` held against the tests and against what connectors say.

A line of the contract is a test, named `TestClass.test_name`, whatever its parameters; a class means all its tests.
It is *exempt* where the vendor lacks what its marks ask for: an ability that is not had by API there, a fact of the rig
that `grades.toml` says the vendor has not. It is *todo* where `grades.toml` says so, and else *done*.
"""

import ast
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Final

from connectors.base import Ability, Capability, Way

HERE: Final = Path(__file__).parent


class Grade(StrEnum):
    DONE = "done"
    TODO = "todo"
    EXEMPT = "exempt"


@dataclass(frozen=True)
class Line:
    """A test with the marks that it and its class carry."""

    name: str
    abilities: frozenset[Ability] = frozenset()
    needs: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Table:
    """One connector's part of `grades.toml`: facts that its vendor lacks, and lines still to do, each with a reason."""

    lacks: Mapping[str, str]
    todo: Mapping[str, str]


@cache
def tables() -> Mapping[str, Table]:
    """By system."""
    read = tomllib.loads((HERE / "grades.toml").read_text(encoding="utf-8"))
    return {system: Table(part.get("lacks", {}), part.get("todo", {})) for system, part in read.items()}


@cache
def lines() -> tuple[Line, ...]:
    """Every line of the contract, read from the tests without running them."""
    return tuple(line for path in sorted(HERE.glob("test_contract*.py")) for line in _lines(path))


def grade(line: Line, capabilities: Mapping[Ability, Capability], table: Table) -> tuple[Grade, str]:
    """The grade with its reason: what the vendor lacks, the text key of a capability, or what is still to do."""
    for ability in sorted(line.abilities):
        if capabilities[ability].way is not Way.API:
            return Grade.EXEMPT, capabilities[ability].reason
    for fact in sorted(line.needs & table.lacks.keys()):
        return Grade.EXEMPT, table.lacks[fact]
    reason = table.todo.get(line.name) or table.todo.get(line.name.partition(".")[0])
    return (Grade.TODO, reason) if reason else (Grade.DONE, "")


def _lines(path: Path) -> Iterator[Line]:
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            of_class = _marks(node.decorator_list)
            for test in _tests(node.body):
                yield _line(f"{node.name}.{test.name}", [*of_class, *_marks(test.decorator_list)])
        else:
            yield from (_line(test.name, _marks(test.decorator_list)) for test in _tests([node]))


def _tests(nodes: Collection[ast.stmt]) -> Iterator[ast.AsyncFunctionDef]:
    """Those that run for every connector: the tests that await something."""
    yield from (node for node in nodes if isinstance(node, ast.AsyncFunctionDef) and node.name.startswith("test_"))


def _line(name: str, marks: Collection[tuple[str, str]]) -> Line:
    return Line(
        name,
        frozenset(Ability(value) for mark, value in marks if mark == "ability"),
        frozenset(value for mark, value in marks if mark == "needs"),
    )


def _marks(decorators: Collection[ast.expr]) -> list[tuple[str, str]]:
    """`pytest.mark.ability("mail", ...)` and `pytest.mark.needs("away", ...)`, one pair for each argument."""
    calls = [each for each in decorators if isinstance(each, ast.Call) and isinstance(each.func, ast.Attribute)]
    return [
        (call.func.attr, argument.value)
        for call in calls
        if isinstance(call.func, ast.Attribute) and call.func.attr in ("ability", "needs")
        for argument in call.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    ]
