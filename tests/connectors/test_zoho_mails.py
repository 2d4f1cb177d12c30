"""Counting the mails of a user on contacts."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from scripted_vendor import OWNER, Vendor, module, refusal, rows, with_modules

from connectors.base import MailCount, Rejected, Unavailable
from connectors.zoho.crm import ZohoCrm


def mail(owner: str = "11", source: str | None = "mailbox") -> dict[str, Any]:
    return {"message_id": "a1", "owner": {"id": owner, "name": "Dana"}, "source": source}


def listed(*mails: dict[str, Any], following: str | None = None) -> dict[str, Any]:
    info = {"count": len(mails), "per_page": 10, "next_index": following, "more_records": following is not None}
    return {"Emails": list(mails), "info": info}


def paged(total: int) -> Any:
    """So many mails, in pages of ten."""

    def reply(request: httpx.Request) -> dict[str, Any]:
        start = int(request.url.params.get("index", 1))
        following = str(start + 10) if start + 10 <= total else None
        return listed(*(mail() for _ in range(min(10, total - start + 1))), following=following)

    return reply


def with_contacts(vendor: Vendor, mailed: Sequence[int]) -> None:
    """Contacts 599, 598, …, newest first, with so many mails on each."""
    with_modules(vendor, module("Contacts", "Contacts"))
    names = [{"api_name": name, "data_type": "text"} for name in ("First_Name", "Last_Name")]
    vendor.replies["/settings/fields"] = {"fields": [OWNER, *names]}
    contacts = [{"id": str(599 - n), "First_Name": "Kim", "Last_Name": f"N{n}"} for n in range(len(mailed))]
    vendor.replies["/coql"] = rows(*contacts)
    for contact, number in zip(contacts, mailed, strict=True):
        vendor.replies[f"/Contacts/{contact['id']}/Emails"] = (
            listed(*(mail() for _ in range(number))) if number else None
        )


class TestCount:
    async def test_only_mails_of_the_own_mailbox_count(self, crm: ZohoCrm, vendor: Vendor) -> None:
        odd: list[dict[str, Any]] = [
            {"message_id": "x"},
            {"owner": None, "source": "mailbox"},
            {"owner": "11", "source": "mailbox"},
        ]
        mixed = listed(mail(), mail("12"), mail(source="crm"), mail(source="CRM"), mail(source=None), *odd)
        vendor.replies |= {"/Contacts/5/Emails": mixed, "/Contacts/6/Emails": None}

        assert await crm.count_mails("11", ["5", "6"]) == {"5": 2, "6": 0}

    async def test_mails_from_later_on_are_passed_over_without_hiding_the_older(
        self, crm: ZohoCrm, vendor: Vendor
    ) -> None:
        until = datetime(2026, 3, 2, 10, tzinfo=UTC)
        new = [mail("12") | {"time": "2026-03-02T11:00:01+01:00"} for _ in range(10)]
        old = [mail() | {"time": time} for time in ("2026-03-02T11:00:00+01:00", "2026-01-01T10:00:00", "soon")]
        pages = [listed(*new, following=str(n)) for n in range(6)]
        vendor.replies["/Contacts/5/Emails"] = [*pages, listed(*old, mail())]

        assert await crm.count_mails(None, ["5"], until=until) == {"5": 4}

    async def test_mails_of_anybodys_mailbox_can_be_counted(self, crm: ZohoCrm, vendor: Vendor) -> None:
        vendor.replies["/Contacts/5/Emails"] = listed(mail(), mail("12"), mail("12", source="crm"), {"message_id": "x"})

        assert await crm.count_mails(None, ["5"]) == {"5": 3}

    async def test_the_list_is_the_one_of_all_mails(self, crm: ZohoCrm, vendor: Vendor) -> None:
        vendor.replies["/Contacts/5/Emails"] = listed(mail())

        await crm.count_mails("11", ["5"])

        assert not vendor.requests[-1].url.params

    @pytest.mark.parametrize(("total", "counted", "calls"), [(10, 10, 1), (11, 11, 2), (50, 50, 5), (73, 50, 5)])
    async def test_pages_are_read_up_to_the_fiftieth_mail(
        self, crm: ZohoCrm, vendor: Vendor, total: int, counted: int, calls: int
    ) -> None:
        vendor.replies["/Contacts/5/Emails"] = paged(total)

        assert await crm.count_mails("11", ["5"]) == {"5": counted}
        assert vendor.count("/crm/v8/Contacts/5/Emails") == calls

    @pytest.mark.parametrize("code", ["INVALID_DATA", "RESOURCE_NOT_FOUND"])
    async def test_a_contact_that_is_gone_carries_none(self, crm: ZohoCrm, vendor: Vendor, code: str) -> None:
        vendor.replies |= {"/Contacts/5/Emails": refusal(400, code), "/Contacts/6/Emails": listed(mail())}

        assert await crm.count_mails("11", ["5", "6"]) == {"5": 0, "6": 1}

    async def test_another_refusal_is_no_zero(self, crm: ZohoCrm, vendor: Vendor) -> None:
        vendor.replies["/Contacts/5/Emails"] = refusal(400, "FEATURE_NOT_ENABLED")

        with pytest.raises(Rejected):
            await crm.count_mails("11", ["5"])

    @pytest.mark.parametrize("odd", [{"info": {}}, {"Emails": [], "info": {"more_records": True}}])
    async def test_an_answer_without_mails_is_no_zero(
        self, impatient_crm: ZohoCrm, vendor: Vendor, odd: dict[str, Any]
    ) -> None:
        vendor.replies["/Contacts/5/Emails"] = odd

        with pytest.raises(Unavailable):
            await impatient_crm.count_mails("11", ["5"])


class TestSample:
    async def test_the_newest_contacts_with_mails_are_taken(self, crm: ZohoCrm, vendor: Vendor) -> None:
        with_contacts(vendor, [0, 2, 0, 0, 3, 1, 0, 4, 9])

        assert await crm.mail_sample("11", limit=3) == (
            MailCount("598", "Kim N1", 2),
            MailCount("595", "Kim N4", 3),
            MailCount("594", "Kim N5", 1),
        )
        assert vendor.queries() == [
            "select id, First_Name, Last_Name from Contacts where Owner = '11' order by id desc limit 9"
        ]

    async def test_it_stops_when_it_has_enough(self, crm: ZohoCrm, vendor: Vendor) -> None:
        with_contacts(vendor, [1] * 12)

        assert len(await crm.mail_sample("11", limit=2)) == 2
        assert sum(path.endswith("/Emails") for path in vendor.paths()) == 4

    async def test_who_has_no_mails_has_no_sample(self, crm: ZohoCrm, vendor: Vendor) -> None:
        with_contacts(vendor, [0] * 6)

        assert await crm.mail_sample("11", limit=2) == ()

    async def test_an_organisation_without_contacts_has_none(self, crm: ZohoCrm, vendor: Vendor) -> None:
        assert await crm.mail_sample("11", limit=2) == ()
        assert vendor.queries() == []
