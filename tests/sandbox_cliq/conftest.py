"""The town's Cliq over its REST API: with the app installed, and without."""

import pytest
from cliq_rest_api import EVENTS, CliqApi, new_hall

from sandbox.cliq.seed import install


@pytest.fixture
def bare() -> CliqApi:
    """An organisation in which nothing has been installed, and no limit is in the way."""
    api = CliqApi(new_hall())
    api.hall.limits.scale = 100
    return api


@pytest.fixture
def cliq(bare: CliqApi) -> CliqApi:
    """The same with the app installed."""
    install(bare.hall, EVENTS)
    return bare
