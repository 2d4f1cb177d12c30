"""The ledger as a file that every spreadsheet reads and none runs."""

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from report_cases import ADA, CRM, departure_of, story

from connectors.base import Account
from handlers.events import HandOnStarted
from handlers.people import Person
from handlers.ports import LedgerOutcome, LedgerRow, Tagged
from handlers.report import ledger_csv, owner_names

AT = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
NAMES = {"zoho_crm/110": "Amit Kumar", "zoho_crm/120": "Sofia Lindgren"}
ROW = LedgerRow("zoho_crm", "Deals", "5000001", "Big deal", "110", "120", LedgerOutcome.MOVED, Tagged.YES, 1, None, AT)


def _parsed(*rows: LedgerRow) -> list[list[str]]:
    return list(csv.reader(io.StringIO("".join(ledger_csv(rows, NAMES)), newline=""), strict=True))


def test_the_header_names_every_field() -> None:
    assert _parsed() == [
        ["system", "module", "record_id", "label", "owner_before", "owner_after", "owner_before_name",
         "owner_after_name", "outcome", "tagged", "attempts", "reason", "at"]
    ]  # fmt: skip


def test_a_row_is_a_line() -> None:
    told = [
        "zoho_crm",
        "Deals",
        "5000001",
        "Big deal",
        "110",
        "120",
        "Amit Kumar",
        "Sofia Lindgren",
        "moved",
        "yes",
        "1",
        "",
        "2026-11-02T09:30:00+00:00",
    ]
    assert _parsed(ROW)[1:] == [told]
    assert "".join(ledger_csv([ROW], NAMES)).endswith("\r\n")


def test_whoever_is_not_known_has_no_name() -> None:
    elsewhere = replace(ROW, system="zoho_desk", owner_after="999")
    state = replace(ROW, module="Leads.Lead_Status", owner_before="Contacted", owner_after="Lost Lead")
    assert [line[6:8] for line in _parsed(elsewhere, state)[1:]] == [["", ""]] * 2


def test_a_name_is_no_formula_either() -> None:
    lines = "".join(ledger_csv([ROW], {"zoho_crm/110": "=1+1"}))
    assert "'=1+1" in lines


def test_leaver_receivers_and_the_next_one_are_known_by_name() -> None:
    next_one = Account(CRM, "140", "Noor Haddad", "noor@brightwater.example", active=True)
    person = Person(next_one.name, next_one.email)
    on = HandOnStarted(at=AT, by=ADA, accounts={CRM: next_one}, person=person, holders={CRM: "120"})
    names = owner_names(departure_of((*story(), on)))
    assert names == {
        f"{CRM}/110": "Amit Kumar",
        f"{CRM}/120": "Sofia Lindgren",
        f"{CRM}/130": "Jun Watanabe",
        f"{CRM}/140": "Noor Haddad",
    }
    assert owner_names(departure_of(story()[:2])) == {}


def test_times_are_utc_whatever_zone_they_come_in() -> None:
    there = AT.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert _parsed(replace(ROW, at=there))[1][-1] == "2026-11-02T09:30:00+00:00"


@pytest.mark.parametrize("label", ['=HYPERLINK("x")', "+1", "-2", "@SUM(A1)", "\tx", "\rx", "\n=1"])
def test_no_cell_is_a_formula(label: str) -> None:
    assert _parsed(replace(ROW, label=label, reason="=1"))[1][3] == f"'{label}"
    assert _parsed(replace(ROW, label=label, reason="=1"))[1][11] == "'=1"


@pytest.mark.parametrize("label", ["a,b", 'say "hi"', "two\nlines", "two\r\nlines", "ü ✓", "x=1", ""])
def test_every_other_text_comes_back_as_it_was(label: str) -> None:
    assert _parsed(replace(ROW, label=label))[1][3] == label


def test_rows_are_written_as_they_come() -> None:
    """A hundred thousand rows never stand in memory together."""
    taken: list[int] = []

    def rows() -> object:
        for n in range(3):
            taken.append(n)
            yield replace(ROW, record_id=str(n))

    lines = ledger_csv(rows(), NAMES)  # type: ignore[arg-type]
    next(lines)
    assert taken == []
    next(lines)
    assert taken == [0]
