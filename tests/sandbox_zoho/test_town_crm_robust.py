"""Whatever a client sends, it gets an answer in Zoho's envelope: never a broken server, never a changed record."""
# ruff: noqa: S608  # queries of the vendor's own language

from typing import Any

import pytest
from crm_client import AMIT, Api
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

_KEYS = [
    "id",
    "ids",
    "owner",
    "Owner",
    "data",
    "tags",
    "users",
    "transfer",
    "name",
    "status",
    "related_modules",
    "Stage",
]
_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(min_value=-(2**70), max_value=2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.sampled_from(["1", "99999999999999999999", "²", "active", "Contacts"]),
)
_JSON = st.recursive(
    _VALUES,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(_KEYS), inner, max_size=4)),
    max_leaves=12,
)
_BODIES = st.dictionaries(st.sampled_from(_KEYS), _JSON, max_size=5) | _JSON
_WRITES = [
    ("PUT", f"/users/{AMIT}"),
    ("PUT", "/users"),
    ("POST", f"/users/{AMIT}/actions/transfer"),
    ("POST", "/settings/tags?module=Deals"),
    ("POST", "/coql"),
    ("POST", "/Deals/actions/change_owner"),
    ("POST", "/Deals/1/actions/change_owner"),
    ("POST", "/Deals/actions/add_tags"),
    ("PUT", "/Deals"),
    ("PUT", "/Service_Regions"),
]


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(call=st.sampled_from(_WRITES), body=_BODIES)
async def test_malformed_bodies_are_refused(company: Api, call: tuple[str, str], body: Any) -> None:
    company.crm.limits.credits_per_day = 10**9
    owned = company.crm.open_owned(AMIT)
    answer = await company.call(call[0], call[1], json=body)
    assert answer.status_code in (200, 201, 400)
    assert isinstance(answer.json(), dict)
    assert company.crm.open_owned(AMIT) == owned


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(alphabet="()&:,\\ andor'\"=Ownerid123²%", max_size=40))
async def test_malformed_criteria_and_queries_are_refused(company: Api, text: str) -> None:
    assert (await company.get("/Leads/search", criteria=text)).status_code in (200, 204, 400)
    assert (await company.coql(f"select id from Leads where {text}")).status_code in (200, 204, 400)


@pytest.mark.parametrize("bad", ["0x1", "²", "-1", "99999999999999999999", "1.5", "%20"])
async def test_odd_ids_and_page_numbers(company: Api, bad: str) -> None:
    for path in (
        f"/users/{bad}",
        f"/Deals/{bad}",
        f"/Deals/{bad}/Emails",
        f"/users/{bad}/actions/validate_before_transfer",
    ):
        assert (await company.get(path)).status_code == 400
    assert (await company.get("/Deals", fields="id", page=bad)).status_code == 400
    assert (await company.get("/Deals", fields="id", ids=bad)).status_code == 204
    assert (await company.get("/Deals", fields="id", page_token=bad)).status_code == 400
