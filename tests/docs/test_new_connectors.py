"""What a new connector has to be named in, besides the contract suite: it is noticed where it is left out."""

import re
import tomllib
from typing import Final

import pytest
import system_parts
from doc_parts import README, ROOT

PACKAGES: Final = sorted(path.parent.name for path in ROOT.glob("connectors/*/__init__.py"))
_MODEL: Final = "connectors.skeleton"


def _lists() -> dict[str, list[str]]:
    """The lists of the import contracts that name connectors one by one, by contract and key."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    found = (
        (f"{contract['name']}: {key}", listed) for contract in settings["contracts"] for key, listed in contract.items()
    )
    return {name: listed for name, listed in found if isinstance(listed, list) and _MODEL in listed}


@pytest.mark.parametrize("package", PACKAGES)
def test_the_import_contracts_hold_for_every_connector(package: str) -> None:
    assert _lists()
    assert not [name for name, listed in _lists().items() if f"connectors.{package}" not in listed]


@pytest.mark.parametrize("package", [package for package in PACKAGES if package != system_parts.SKELETON])
def test_every_connected_system_has_its_steps_of_setting_up(package: str) -> None:
    name = f"docs/{package}-setup.md"
    assert (ROOT / name).exists()
    for reader in (README, ROOT / "docs/operations.md"):
        assert re.search(rf"\((?:docs/)?{package}-setup\.md[)#]", reader.read_text(encoding="utf-8")), reader.name


def test_a_system_without_a_price_for_the_documents_is_told_what_to_add() -> None:
    with pytest.raises(LookupError, match=r"_PRICED in system_parts.py lacks nowhere: the record type"):
        system_parts._priced("nowhere")
