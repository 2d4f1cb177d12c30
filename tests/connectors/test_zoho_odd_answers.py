"""What says 200 and is not Zoho's answer is a fault, never zero records."""

import httpx
import pytest
from scripted_vendor import Vendor

from connectors.base import Part, Unavailable
from connectors.zoho.crm import ZohoCrm

ODD = {
    "a page of HTML": httpx.Response(200, text="<html>Please log in</html>"),
    "an error object": httpx.Response(200, json={"code": "INTERNAL_ERROR", "status": "error", "details": {}}),
    "nothing at all": httpx.Response(200, content=b""),
    "a list": httpx.Response(200, json=[]),
    "an object without rows": httpx.Response(200, json={"info": {"count": 0}}),
    "rows that are none": httpx.Response(200, json={"data": "nope"}),
    "more to come behind nothing": httpx.Response(200, json={"data": [], "info": {"more_records": True}}),
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
async def test_an_odd_answer_never_counts_as_none(impatient_crm: ZohoCrm, vendor: Vendor, odd: httpx.Response) -> None:
    vendor.replies["/coql"] = odd
    vendor.replies["/Projects1/search"] = odd
    for read in (
        impatient_crm.count("11", "Projects1", Part.ALL),
        impatient_crm.recount("11", "Projects1", Part.ALL),
        impatient_crm.owned("11", "Projects1", Part.ALL),
    ):
        with pytest.raises(Unavailable):
            await read


async def test_only_204_means_none(crm: ZohoCrm, vendor: Vendor) -> None:
    vendor.replies["/coql"] = None
    vendor.replies["/Projects1/search"] = None
    assert await crm.count("11", "Projects1", Part.ALL) == 0
    assert await crm.recount("11", "Projects1", Part.ALL) == 0


async def test_half_a_character_in_a_name_is_replaced(crm: ZohoCrm, vendor: Vendor) -> None:
    content = b'{"data": [{"id": "5", "Name": "Bad\\ud83d"}], "info": {"more_records": false}}'
    vendor.replies["/coql"] = httpx.Response(200, content=content, headers={"content-type": "application/json"})
    page = await crm.owned("11", "Projects1", Part.ALL)
    page.records[0].label.encode()
    assert page.records[0].label.startswith("Bad")
