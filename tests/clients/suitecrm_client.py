"""PySuiteCRM against the address that standard input names; prints what it found as JSON.

A program of its own, because the client writes its token into the current directory. The client:
https://github.com/RussellJuma/PySuiteCRM
"""

import json
import os
import sys
import tempfile
from typing import Any

os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # the town speaks HTTP

from PySuiteCRM.SuiteCRM import SuiteCRM


def main() -> None:
    asked = json.load(sys.stdin)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        crm = SuiteCRM(asked["suitecrm_client_id"], asked["suitecrm_client_secret"], f"{asked['url']}/Api/V8")
        os.chdir("/")
    moved = [crm.Accounts.update(record, assigned_user_id=asked["successor"]) for record in asked["move"]]
    found = {
        "owned": ids(crm.Accounts.get(assigned_user_id=asked["leaver"])),
        "moved": [answer["data"]["attributes"]["assigned_user_id"] for answer in moved],
        "all": everything(crm, "Contacts"),
        "fields": crm.Opportunities.fields(),
        "unknown": crm.request(f"{crm.baseurl}/module/Accounts/{asked['no_record']}", "get"),
        "bad_filter": crm.request(f"{crm.baseurl}/module/Accounts?filter[no_such_field][eq]=1", "get"),
        "users": crm.request(f"{crm.baseurl}/module/Users?page[size]=100", "get"),
        "deactivated": crm.request(f"{crm.baseurl}/module", "patch", as_inactive(asked["leaver"])),
    }
    json.dump(found, sys.stdout)


def ids(rows: list[dict[str, Any]]) -> list[str]:
    return [row["id"] for row in rows]


def everything(crm: SuiteCRM, module: str) -> list[str]:
    """Over as many pages as it takes."""
    found: list[str] = []
    page, pages = 0, 1
    while page < pages:
        page += 1
        answer = crm.request(f"{crm.baseurl}/module/{module}?page[number]={page}&page[size]=10", "get")
        found += ids(answer["data"])
        pages = answer["meta"]["total-pages"]
    return found


def as_inactive(user: str) -> dict[str, Any]:
    return {"type": "User", "id": user, "attributes": {"status": "Inactive", "employee_status": "Terminated"}}


main()
