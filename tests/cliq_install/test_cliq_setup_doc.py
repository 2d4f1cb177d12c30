"""The manual names every scope of the grant, as the code does."""

import re
from pathlib import Path
from typing import Final

import pytest

from manifests.cliq import SCOPES

DOCUMENT: Final = (Path(__file__).parents[2] / "docs/cliq-setup.md").read_text(encoding="utf-8")
TABLE: Final = "".join(f"| `{name}` | {why} |\n" for name, why in SCOPES.items())


@pytest.mark.parametrize(
    ("part", "made"),
    [
        ("cliq-scopes", f"| Scope | What it is for |\n| --- | --- |\n{TABLE}"),
        ("cliq-scopes-line", f"```text\n{','.join(SCOPES)}\n```\n"),
    ],
)
def test_the_scopes_are_those_of_the_code(part: str, made: str) -> None:
    found = re.search(rf"<!-- {part} -->\n(.*?)<!-- /{part} -->", DOCUMENT, re.DOTALL)
    assert found
    assert found[1] == made
