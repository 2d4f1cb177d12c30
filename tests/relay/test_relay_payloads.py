"""What Zoho CRM's two kinds of event say, in every shape that they may have."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from relay_cases import DEAL, FORM, JSON, notification, webhook

from bot.inbound import Ignored, Malformed
from bot.relay.payloads import Owner, OwnerChange, parse, read

OTHER = "5000000000020002"
SARA = {"id": "5000000000000120", "name": "Sara Lindqvist"}
BOUNDARY = "----Zoho7d1"


def one(payload: dict[str, Any]) -> OwnerChange:
    found = read(payload)
    assert isinstance(found, tuple)
    (change,) = found
    return change


def multipart(fields: dict[str, str]) -> bytes:
    lines = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    return f"{''.join(lines)}--{BOUNDARY}--\r\n".encode()


def test_a_webhook_says_record_owner_and_time() -> None:
    change = one(webhook(old_owner="Ben Carter"))
    assert (change.system, change.module, change.record_id) == ("zoho_crm", "Deals", DEAL)
    assert (change.record_label, change.old, change.new) == (
        "Harbour <crane> & Sons",
        Owner(name="Ben Carter"),
        Owner(name="Sara Lindqvist"),
    )
    assert change.occurred_at == datetime(2026, 11, 2, 9, 29, tzinfo=UTC)


def test_forms_of_both_kinds_and_json_say_the_same() -> None:
    fields = webhook(label="Käse & <Söhne>")
    bodies = (
        (urlencode(fields).encode(), FORM),
        (multipart(fields), f'multipart/form-data; boundary="{BOUNDARY}"'),
        (json.dumps(fields).encode(), JSON),
        (json.dumps(fields).encode(), "text/plain"),
    )
    assert [parse(body, kind) for body, kind in bodies] == [fields] * 4


def test_what_a_webhook_leaves_out_is_not_known() -> None:
    change = one(webhook(label=None, owner="", time="02/11/2026 10:29 AM"))
    assert (change.record_label, change.old, change.new, change.occurred_at) == (None, None, None, None)


def test_the_same_change_has_the_same_id_and_another_has_another() -> None:
    first = one(webhook()).event_id
    assert one(webhook(label="renamed since")).event_id == first
    others = [webhook(id=OTHER), webhook(module="Leads"), webhook(owner="Ben Carter"), webhook(time="later")]
    assert len({first, *(one(each).event_id for each in others)}) == 5


def test_a_channel_that_names_no_fields_names_records() -> None:
    found = read(notification(ids=[DEAL, int(OTHER)]))
    assert isinstance(found, tuple)
    assert [(change.record_id, change.new) for change in found] == [(DEAL, None), (OTHER, None)]
    assert {change.occurred_at for change in found} == {datetime(2026, 11, 2, 9, 29, tzinfo=UTC)}


@pytest.mark.parametrize(
    "values",
    [
        [{DEAL: {"Owner": SARA}}],
        [{"record_id": DEAL, "values": {"Owner": SARA}}],
        [{DEAL: {"Owner": SARA, "Stage": "Closed Won"}}, {OTHER: {"Owner": None}}],
    ],
)
def test_a_channel_that_gives_values_names_the_new_owner(values: list[Any]) -> None:
    assert one(notification(affected_values=values)).new == Owner("5000000000000120", "Sara Lindqvist")


@pytest.mark.parametrize(("value", "owner"), [("5000000000000120", Owner("5000000000000120")), ("X", Owner(name="X"))])
def test_an_owner_may_be_an_id_or_a_name(value: str, owner: Owner) -> None:
    assert one(notification(affected_values=[{DEAL: {"Owner": value}}])).new == owner


@pytest.mark.parametrize("named", [[{DEAL: ["Stage", "Owner"]}, {OTHER: ["Stage"]}], [{DEAL: ["Owner"]}, {OTHER: []}]])
def test_records_of_which_another_field_changed_are_left_out(named: list[Any]) -> None:
    assert one(notification(ids=[DEAL, OTHER], affected_fields=named)).record_id == DEAL


@pytest.mark.parametrize(
    "changes",
    [
        {"affected_fields": [{DEAL: ["Stage"]}]},
        {"affected_fields": ["Stage", "Amount"]},
        {"affected_values": [{"record_id": DEAL, "values": {"Stage": "Closed Won"}}]},
        {"operation": "insert"},
        {"operation": "delete"},
        {"module": "users"},
    ],
)
def test_what_is_no_change_of_owner_is_ignored_with_its_reason(changes: dict[str, Any]) -> None:
    found = read(notification(**changes))
    assert isinstance(found, Ignored)
    assert found.reason


@pytest.mark.parametrize(
    ("payload", "part"),
    [
        (webhook(id=None), "id"),
        (webhook(id="${Deals.Deal Id}"), "id"),
        (webhook(owner=True, id=True), "id"),
        (webhook(module="../Deals"), "module"),
        (webhook(module=None), "module"),
        (webhook(time=None), "time"),
        (webhook(time="${Deals.Modified Time}"), "time"),
        (notification(operation="merge"), "operation"),
        (notification(ids=[]), "ids"),
        (notification(ids=DEAL), "ids"),
        (notification(ids=["a"]), "ids"),
        (notification(server_time=None), "server_time"),
        (notification(server_time="1" * 30), "server_time"),
    ],
)
def test_what_lacks_a_part_is_refused_by_its_name(payload: dict[str, Any], part: str) -> None:
    with pytest.raises(Malformed, match=part):
        read(payload)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{", JSON),
        (b"[]", JSON),
        (b"[" * 100_000, JSON),
        (b"\xff", FORM),
        (b"a=1&" * 101, FORM),
        (b"hello", "text/plain"),
        (b"", ""),
    ],
)
def test_a_body_that_is_neither_form_nor_json_is_refused(body: bytes, kind: str) -> None:
    with pytest.raises(Malformed):
        parse(body, kind)


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.just("Owner") | st.just(DEAL),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([DEAL, "record_id", "Owner"]), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(list({**notification(), **webhook()})), ANY_JSON))
def test_anything_else_is_read_or_refused(changes: dict[str, Any]) -> None:
    for payload in (notification(**changes), webhook(**changes)):
        try:
            found = read(payload)
        except Malformed:
            continue
        assert found


@given(st.binary(max_size=200), st.sampled_from([FORM, JSON, f"multipart/form-data; boundary={BOUNDARY}"]))
def test_any_bytes_are_parsed_or_refused(body: bytes, kind: str) -> None:
    with suppress(Malformed):
        assert isinstance(parse(body, kind), dict)


@pytest.mark.parametrize("time", ["9999-12-31T23:59:59+00:00", "0001-01-01T00:00:00+14:00"])
def test_a_time_at_the_ends_of_the_calendar_is_no_time_of_a_change(time: str) -> None:
    assert one(webhook(time=time)).occurred_at is None


def test_parts_within_parts_without_end_are_malformed() -> None:
    inner = "".join(f"--b{n}\r\nContent-Type: multipart/mixed; boundary=b{n + 1}\r\n\r\n" for n in range(2000))
    with pytest.raises(Malformed):
        parse(inner.encode(), "multipart/form-data; boundary=b0")
