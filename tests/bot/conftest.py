"""One town for all tests of a module, and no settings from outside."""

import os
from collections.abc import AsyncIterator, Iterator, MutableMapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from bot_cases import town as made
from structlog.testing import capture_logs

import sandbox.company
from sandbox.people import ROSTER
from sandbox.town import Town


@pytest.fixture(autouse=True)
def no_settings_from_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # where no .env is
    for name in list(os.environ):
        if name.upper().startswith("OFFBOARD_"):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def logs() -> Iterator[list[MutableMapping[str, Any]]]:
    with capture_logs() as entries:
        yield entries


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    with pytest.MonkeyPatch.context() as patch:
        nobody_owns_much = tuple(replace(person, records=person.records // 50) for person in ROSTER)
        patch.setattr(sandbox.company, "ROSTER", nobody_owns_much)
        async with made(tmp_path_factory.mktemp("town")) as town:
            yield town
