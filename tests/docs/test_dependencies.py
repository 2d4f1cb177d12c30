"""What the service imports is locked for it, and what is declared is used: a fresh installation has all it needs."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
SHIPPED: Final = ("bot", "handlers", "connectors", "manifests", "sandbox")
# Not imported by us, but by a library that we use, once it is there.
_BEHIND: Final = {
    "psycopg": "SQLAlchemy's driver for Postgres",
    "python-multipart": "Starlette reads forms with it",
    "websockets": "uvicorn serves the town's Socket Mode with it",
}


def test_a_fresh_installation_has_every_module_that_we_import() -> None:
    locked = set(re.findall(r"^([\w.-]+)==", (ROOT / "requirements.lock").read_text(encoding="utf-8"), re.MULTILINE))
    missing = {name: found for name, found in _imported().items() if not found & locked}
    assert not missing


def test_every_declared_dependency_is_used() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {_spelled(re.split(r"[\[<>=]", requirement)[0]) for requirement in project["dependencies"]}
    used = set[str]().union(*_imported().values())
    assert declared - used == set(_BEHIND)


def _imported() -> dict[str, set[str]]:
    """Top-level modules of others that the shipped packages import, with the distributions that hold them."""
    names = {name for package in SHIPPED for file in (ROOT / package).rglob("*.py") for name in _imports(file)}
    holding = packages_distributions()
    foreign = names - set(SHIPPED) - sys.stdlib_module_names
    return {name: {_spelled(found) for found in holding.get(name, ())} for name in foreign}


def _imports(file: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


def _spelled(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
