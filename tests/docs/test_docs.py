"""What the documents say exists: files, commands, settings, make targets, buttons. What exists is said."""

import itertools
import json
import re
import tomllib
from pathlib import Path
from typing import Final

import pytest
from doc_parts import PARTS, README, ROOT, documents, made, written

TEXTS: Final = {path: path.read_text(encoding="utf-8") for path in documents()}
NAMES: Final = [str(path.relative_to(ROOT)) for path in TEXTS]
_FENCE: Final = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
_LINK: Final = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)")
_PATH: Final = re.compile(
    r"`((?:bot|handlers|connectors|sandbox|manifests|tests|bench|docs|\.ci)/[\w./-]*\w/?|[A-Z]\w+\.md|Makefile|Dockerfile)`"
)
# What no reader can use: promises, and places on somebody's own machine.
_UNWANTED: Final = re.compile(r"\b(?:TODO|FIXME|TBD|XXX|coming soon)\b|(?<![\w.:/])/(?:home|root|work)/", re.IGNORECASE)


@pytest.fixture(params=list(TEXTS), ids=NAMES)
def document(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


@pytest.mark.parametrize("part", [part for part in PARTS if part != "states"])
def test_what_is_made_from_the_code_is_up_to_date(part: str) -> None:
    found = {path.name: inside for path, text in TEXTS.items() if (inside := written(text, part)) is not None}
    assert found, f"no document has the markers <!-- {part} -->"
    assert found == dict.fromkeys(found, made(part)), "out of date: make docs"


def test_links_lead_somewhere(document: Path) -> None:
    for target in _LINK.findall(TEXTS[document]):
        if target.startswith(("https://", "http://127.0.0.1")):
            continue
        name, _, heading = target.partition("#")
        linked = (document.parent / name).resolve() if name else document
        assert linked.exists(), target
        if heading:
            assert heading in _headings(linked.read_text(encoding="utf-8")), target


def _headings(text: str) -> set[str]:
    """Anchors as GitHub makes them of headings."""
    found = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


def test_files_that_are_named_exist(document: Path) -> None:
    missing = [name for name in _PATH.findall(TEXTS[document]) if not (ROOT / name).exists()]
    assert not missing


def test_commands_that_are_shown_exist(document: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    commands = set(re.findall(r"`offboard ([a-z ]+)`", made("commands")))
    for line in _shown(TEXTS[document]):
        program, *words = [word for word in line.split() if "=" not in word]
        plain = " ".join(itertools.takewhile(lambda word: re.fullmatch("[a-z]+", word), words))
        if program == "make":
            assert set(plain.split()) <= targets, line
        if program.endswith("offboard"):
            assert plain in commands or f"`/{line}`" in TEXTS[README], line


def _shown(text: str) -> list[str]:
    """Command lines in blocks of shell, and in running text where they begin with one of our programs."""
    blocks = [block for kind, block in _FENCE.findall(text) if kind == "sh"]
    lines = [line.strip() for block in blocks for line in block.splitlines() if line.strip()]
    return [*lines, *re.findall(r"`((?:make|offboard) [^`]+)`", text)]


def test_settings_that_are_named_exist(document: Path) -> None:
    known = made("settings")
    for name in re.findall(r"\bOFFBOARD_[A-Z_]+\b", TEXTS[document]):
        assert f"`{name}`" in known, name


def test_the_walk_through_names_what_is_on_the_screen() -> None:
    section = re.search(r"^## Try it.*?(?=^## )", TEXTS[README], re.MULTILINE | re.DOTALL)
    assert section
    named = set(re.findall(r"\*\*([^*]+)\*\*", section[0]))
    assert len(named) > 5
    catalogue = (ROOT / "handlers/texts.toml").read_text(encoding="utf-8")
    page = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "sandbox").rglob("*.[hp][ty]*"))
    assert not {name for name in named if f'"{name}"' not in catalogue and name not in page}


def test_nothing_is_promised_and_no_machine_is_named(document: Path) -> None:
    assert not _UNWANTED.findall(TEXTS[document])


def test_every_dependency_is_explained() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = {re.split(r"[\[<>=]", requirement)[0] for requirement in declared}
    names |= json.loads((ROOT / "tests/clients/package.json").read_text(encoding="utf-8"))["dependencies"].keys()
    explained = set(re.findall(r"^\| `([\w-]+)", TEXTS[ROOT / "docs/dependencies.md"], re.MULTILINE))
    assert explained == names
