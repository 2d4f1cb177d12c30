"""For all tests of the domain."""

from collections.abc import Iterator, MutableMapping
from typing import Any

import pytest
from structlog.testing import capture_logs


@pytest.fixture(autouse=True)
def logs() -> Iterator[list[MutableMapping[str, Any]]]:
    """What is logged; on a terminal an error would be painted with all its locals, which takes seconds."""
    with capture_logs() as entries:
        yield entries
