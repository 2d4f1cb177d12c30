"""Reading and writing records of a module.

https://github.com/salesagility/SuiteCRM/blob/v7.14.6/Api/V8/Service/ModuleService.php
"""
# ruff: noqa: S608  # identifiers are taken from the schema alone

import math
import uuid

from sandbox.suitecrm.api import Answer, Call, Json, Refused, access_denied
from sandbox.suitecrm.filters import chosen_fields, order, selection
from sandbox.suitecrm.params import Page, as_object, check_id, check_name, flattened, page, resolve
from sandbox.suitecrm.parts import Module
from sandbox.suitecrm.schema import BY_NAME

_NO_RESULT = {"message": "Request was successful, but there is no result"}


def _not_found(module: str, record_id: str) -> Refused:
    return Refused(f"{module} module with id {record_id} is not found")


def bean_module(call: Call, name: str) -> Module:
    """The module of a record that is asked for by id. Raises Refused."""
    try:
        return call.known(name)
    except Refused:
        raise Refused(f"Module with name {name} is not found") from None


def listing(call: Call) -> Answer:
    """GET /module/{moduleName}"""
    resolve({**call.arguments, **call.query}, defined=("moduleName", "fields", "page", "sort", "filter"))
    module = call.known(check_name(call.arguments, "moduleName"))
    crm, fields = call.crm, call.crm.fields(module)
    chosen = chosen_fields(crm.all_fields, call.query)
    window, wanted, by = page(call.query), selection(module, fields, call.query), order(module, fields, call.query)
    call.allowed(module)
    limit = "" if window.size is None else f" LIMIT {window.size} OFFSET {window.offset}"
    sql = f"SELECT t.* FROM {wanted.source} WHERE {wanted.where} ORDER BY {by}{limit}"
    rows = crm.store.query(sql, wanted.values)
    if rows and wanted.deleted:  # each row is read again by its id, and a deleted record cannot be
        raise _not_found(module.name, rows[0]["id"])
    data = [crm.beans.resource(module, row, path=f"{call.path}/{row['id']}", names=chosen) for row in rows]
    if not data:
        return Answer({"meta": _NO_RESULT, "data": []})
    if window.size is None:
        return Answer({"data": data})
    found = crm.store.query(f"SELECT COUNT(*) FROM {wanted.source} WHERE {wanted.where}", wanted.values)[0][0]
    pages = math.ceil(found / window.size)
    meta = {"total-pages": pages, "records-on-this-page": len(data)}
    return Answer({"meta": meta, "data": data, "links": page_links(call, window, pages)})


def page_links(call: Call, window: Page, pages: int) -> dict[str, str | None]:
    """The next page is the number of this one and one more, also where no number was given."""

    def link(number: int) -> str:
        asked = {**call.query, "page": {**as_object(call.query, "page"), "number": number}}
        return f"{call.path}?{flattened(asked)}"

    back, ahead = window.number > 1, window.number + 1 <= pages
    return {
        "first": link(1) if back else None,
        "prev": link(window.number - 1) if back else None,
        "next": link(window.number + 1) if ahead else None,
        "last": link(pages) if ahead else None,
    }


def one(call: Call) -> Answer:
    """GET /module/{moduleName}/{id}"""
    resolve({**call.arguments, **call.query}, defined=("moduleName", "id", "fields"))
    name, record_id = check_name(call.arguments, "moduleName"), check_id(call.arguments)
    chosen = chosen_fields(call.crm.all_fields, call.query)
    module = bean_module(call, name)
    row = call.crm.store.row(module, record_id)
    if row is None:
        raise _not_found(module.name, record_id)
    call.allowed(module)
    return Answer({"data": call.crm.beans.resource(module, row, path=call.path, names=chosen)})


def _data(call: Call, *required: str) -> tuple[Module, Json, Json]:
    """The module, the `data` and the attributes of a body. Raises Refused."""
    body = call.body if isinstance(call.body, dict) else {}
    resolve({**call.query, **body}, defined=("data",), required=("data",))
    data = as_object(body, "data")
    if not data:
        raise Refused('The option "data" with value array is invalid.')
    resolve(data, defined=("type", "id", "attributes"), required=("type", *required))
    attributes = as_object(data, "attributes")
    module = call.known(check_name(data, "type"))
    for name in attributes:
        if name not in call.crm.fields(module):
            raise Refused(f"Property {name} in {module.object_name} module is invalid")
    return module, data, attributes


def update(call: Call) -> Answer:
    """PATCH /module: the id stands in the body, and the answer is a 201."""
    module, data, attributes = _data(call, "id")
    record_id = check_id(data)
    row = call.crm.store.row(module, record_id)
    if row is None:
        raise _not_found(module.name, record_id)
    _may_save(call, module)
    call.crm.changes.save(module, row, attributes, by=call.user_id)
    return _saved(call, module, record_id)


def create(call: Call) -> Answer:
    """POST /module"""
    module, data, attributes = _data(call)
    record_id = check_id(data) if "id" in data else str(uuid.uuid4())
    if call.crm.store.row(module, record_id) is not None:
        raise Refused(f"Bean {module.name} with id {record_id} is already exist")
    _may_save(call, module)
    call.crm.changes.create(module, record_id, attributes, by=call.user_id)
    return _saved(call, module, record_id)


def _may_save(call: Call, module: Module) -> None:
    call.allowed(module)
    if module is BY_NAME["OAuth2Tokens"] and not call.crm.quirks.tokens_writable:
        raise access_denied()


def _saved(call: Call, module: Module, record_id: str) -> Answer:
    row = call.crm.store.row(module, record_id)
    if row is None:  # the write has deleted it
        return Answer({"data": {"type": module.object_name}}, 201)
    return Answer({"data": call.crm.beans.resource(module, row, path=f"{call.path}/{record_id}")}, 201)


def delete(call: Call) -> Answer:
    """DELETE /module/{moduleName}/{id}"""
    module = bean_module(call, check_name(call.arguments, "moduleName"))
    record_id = check_id(call.arguments)
    row = call.crm.store.row(module, record_id)
    if row is None:
        raise _not_found(module.name, record_id)
    call.allowed(module)
    call.crm.changes.save(module, row, {"deleted": 1}, by=call.user_id)
    return Answer({"meta": {"message": f"Record with id {record_id} is deleted"}, "data": []})
