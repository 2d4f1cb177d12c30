"""Zoho's own SDK against the address that standard input names; prints what it found as JSON.

A program of its own, because the SDK keeps its state in globals and files. The SDK:
https://github.com/zoho/zohocrm-python-sdk-8.0
"""

import json
import logging
import sys
import tempfile
from pathlib import Path
from typing import Any

from zohocrmsdk.src.com.zoho.api.authenticator.oauth_token import OAuthToken
from zohocrmsdk.src.com.zoho.api.authenticator.store.file_store import FileStore
from zohocrmsdk.src.com.zoho.api.logger import Logger
from zohocrmsdk.src.com.zoho.crm.api import HeaderMap, Initializer, ParameterMap
from zohocrmsdk.src.com.zoho.crm.api.change_owner import ChangeOwnerOperations, MassWrapper, Owner
from zohocrmsdk.src.com.zoho.crm.api.coql import BodyWrapper, CoqlOperations
from zohocrmsdk.src.com.zoho.crm.api.dc.data_center import DataCenter
from zohocrmsdk.src.com.zoho.crm.api.record import GetRecordsParam, RecordOperations
from zohocrmsdk.src.com.zoho.crm.api.users import GetUsersParam, UsersOperations

MODULE = "Deals"


def main() -> None:
    asked = json.load(sys.stdin)
    with tempfile.TemporaryDirectory() as folder:
        connect(asked, Path(folder))
        moved, refused = asked["move"], asked["refuse"]
        found = {
            "users": users(),
            "owned": owned(asked["leaver"]),
            "pages": pages(),
            "moved": change_owner(moved, asked["successor"]),
            "owners": [owner_of(record) for record in moved],
            "refused": change_owner(refused, asked["gone"]),
            "unknown": change_owner([asked["no_record"]], asked["successor"]),
            "bad_query": coql("select nothing from Deals"),
        }
    json.dump(found, sys.stdout)


def connect(asked: dict[str, Any], folder: Path) -> None:
    logging.disable()
    environment = DataCenter.Environment(asked["api"], f"{asked['accounts']}/oauth/v2/token", asked["api"])
    token = OAuthToken(
        asked["client_id"], asked["client_secret"], refresh_token=asked["refresh_token"], find_user=False
    )
    store = FileStore(str(folder / "tokens.txt"))
    Initializer.initialize(
        environment, token, store, resource_path=str(folder), logger=Logger.get_instance(Logger.Levels.NOTSET)
    )


def users() -> dict[str, str]:
    params = ParameterMap()
    params.add(GetUsersParam.type, "AllUsers")
    return {str(user.get_id()): user.get_status() for user in answer(UsersOperations().get_users(params)).get_users()}


def coql(query: str) -> Any:
    body = BodyWrapper()
    body.set_select_query(query)
    return answer(CoqlOperations().get_records(body))


def owned(leaver: str) -> list[str]:
    """Over as many pages as it takes."""
    ids: list[str] = []
    while True:
        behind = f" and id > {ids[-1]}" if ids else ""
        page = coql(f"select id, Owner from {MODULE} where (Owner = {leaver}{behind}) order by id asc limit 5")  # noqa: S608
        ids += [str(record.get_id()) for record in page.get_data()]
        if not page.get_info().get_more_records():
            return ids


def pages() -> list[str]:
    params = ParameterMap()
    params.add(GetRecordsParam.fields, "Deal_Name,Owner")
    params.add(GetRecordsParam.per_page, 3)
    first = answer(RecordOperations(MODULE).get_records(params, HeaderMap()))
    params.add(GetRecordsParam.page_token, first.get_info().get_next_page_token())
    second = answer(RecordOperations(MODULE).get_records(params, HeaderMap()))
    return [str(record.get_id()) for page in (first, second) for record in page.get_data()]


def change_owner(ids: list[str], to: str) -> Any:
    body, owner = MassWrapper(), Owner()
    owner.set_id(int(to))
    body.set_ids([int(each) for each in ids])
    body.set_owner(owner)
    body.set_notify(False)
    found = answer(ChangeOwnerOperations(MODULE).mass_update(body))
    return found if isinstance(found, dict) else [_row(row) for row in found.get_data()]


def owner_of(record: str) -> str:
    found = answer(RecordOperations(MODULE).get_record(int(record)))
    return str(found.get_data()[0].get_key_value("Owner").get_id())


def answer(response: Any) -> Any:
    """The object that the SDK made of an answer; of an error its code and status."""
    found = response.get_object()
    if type(found).__name__ == "APIException":
        return {"status": response.get_status_code(), "code": found.get_code().get_value()}
    return found


def _row(row: Any) -> str:
    return str(row.get_code().get_value())


main()
