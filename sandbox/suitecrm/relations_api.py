"""Relationships of a record: list them, add one, take one away.

https://github.com/salesagility/SuiteCRM/blob/v7.14.6/Api/V8/Service/RelationshipService.php
"""
# ruff: noqa: S608  # identifiers are taken from the schema alone

import math
import sqlite3
from dataclasses import dataclass
from typing import Any

from sandbox.suitecrm.api import Answer, Call, Refused
from sandbox.suitecrm.filters import order, selection
from sandbox.suitecrm.params import as_object, check_id, check_name, page, resolve
from sandbox.suitecrm.parts import Link, Module
from sandbox.suitecrm.records_api import bean_module, page_links
from sandbox.suitecrm.schema import BY_NAME


@dataclass(frozen=True)
class _Source:
    """A record, and one of its links."""

    module: Module
    row: sqlite3.Row
    name: str
    link: Link

    @property
    def target(self) -> Module:
        return BY_NAME[self.link.target]

    def related(self) -> tuple[str, tuple[Any, ...]]:
        """The condition on the table of the target."""
        record_id = self.row["id"]
        if self.link.own:
            return "t.id = ?", (self.row[self.link.column],)
        if not self.link.column:
            chosen = "t.id IN (SELECT other FROM linked WHERE module = ? AND record = ? AND target = ?)"
            return chosen, (self.module.name, record_id, self.link.target)
        if self.link.typed:
            return f"t.{self.link.column} = ? AND t.parent_type = ?", (record_id, self.module.name)
        return f"t.{self.link.column} = ?", (record_id,)


def _record(call: Call) -> tuple[Module, sqlite3.Row]:
    module = bean_module(call, check_name(call.arguments, "moduleName"))
    record_id = check_id(call.arguments)
    row = call.crm.store.row(module, record_id)
    if row is None:
        raise Refused(f"{module.name} module with id {record_id} is not found")
    return module, row


def _source(call: Call) -> _Source:
    module, row = _record(call)
    name = check_name(call.arguments, "linkFieldName")
    link = module.link_of.get(name)
    if link is None:
        raise Refused(f"Cannot load relationship {name} for {module.object_name} module")
    return _Source(module, row, name, link)


def listing(call: Call) -> Answer:
    """GET /module/{moduleName}/{id}/relationships/{linkFieldName}: it takes no `fields`."""
    defined = ("moduleName", "id", "sourceBean", "linkFieldName", "page", "sort", "filter")
    resolve({**call.arguments, **call.query}, defined=defined)
    source = _source(call)
    target, fields = source.target, call.crm.fields(source.target)
    window, wanted, by = page(call.query), selection(target, fields, call.query), order(target, fields, call.query)
    related, bound = source.related()
    clause, values = f"FROM {wanted.source} WHERE {wanted.where} AND {related}", (*wanted.values, *bound)
    limit = "" if window.size is None else f" LIMIT {window.size} OFFSET {window.offset}"
    rows = call.crm.store.query(f"SELECT t.* {clause} ORDER BY {by}{limit}", values)
    if not rows:
        text = f"There is no relationship set in {source.module.object_name} module with {source.name} link field"
        return Answer({"meta": {"message": text}, "data": []})
    data = [
        {
            "type": target.object_name,
            "id": row["id"],
            "attributes": call.crm.beans.attributes(target, row),
            "links": {"self": f"V8/module/{target.object_name}/{row['id']}"},
        }
        for row in rows
    ]
    found = call.crm.store.query(f"SELECT COUNT(*) {clause}", values)[0][0]
    pages = 1 if window.size is None else math.ceil(found / window.size)
    meta = {"total-records": found, "total-pages": pages, "records-on-this-page": len(data)}
    links = {} if window.size is None else {"links": page_links(call, window, pages)}
    return Answer({"meta": meta, "data": data, **links})


def _related_record(call: Call) -> tuple[Module, sqlite3.Row]:
    """The record that stands in the body as `data`. Raises Refused."""
    body = call.body if isinstance(call.body, dict) else {}
    resolve(body, defined=("data",), required=("data",))
    data = as_object(body, "data")
    resolve(data, defined=("type", "id"), required=("type", "id"))
    target, other = bean_module(call, check_name(data, "type")), check_id(data)
    row = call.crm.store.row(target, other)
    if row is None:
        raise Refused(f"{target.name} module with id {other} is not found")
    return target, row


def add(call: Call) -> Answer:
    """POST /module/{moduleName}/{id}/relationships: the link follows from the two modules."""
    module, row = _record(call)
    target, other = _related_record(call)
    found = next(((name, link) for name, link in module.links if link.target == target.name), None)
    if found is None:
        text = f"Link field has not found in {module.object_name} to determine relationship for {target.object_name}"
        raise Refused(text)
    _relate(call, _Source(module, row, *found), other)
    ours, theirs = f"{module.object_name} with id {row['id']}", f"{target.object_name} with id {other['id']}"
    return Answer({"meta": {"message": f"{theirs} has been added to {ours}"}, "data": []}, 201)


def add_by_link(call: Call) -> Answer:
    """POST /module/{moduleName}/{id}/relationships/{linkFieldName}"""
    source = _source(call)
    target, row = _related_record(call)
    if target is not source.target:
        modules = f"{source.module.object_name} and {target.object_name}"
        raise Refused(f"Cannot create relationship {source.name} between module {modules}")
    _relate(call, source, row)
    ours, theirs = source.module, source.target
    text = (
        f"{theirs.plural} record with id {row['id']} has been related to {ours.plural} record with id"
        f" {source.row['id']} using link {source.name}"
    )
    return Answer({"meta": {"message": text}, "data": []}, 201)


def _relate(call: Call, source: _Source, row: sqlite3.Row) -> None:
    link, record_id = source.link, source.row["id"]
    if link.own:
        call.crm.changes.save(source.module, source.row, {link.column: row["id"]}, by=call.user_id)
    elif link.column:
        typed = {"parent_type": source.module.name} if link.typed else {}
        call.crm.changes.save(source.target, row, {link.column: record_id, **typed}, by=call.user_id)
    else:
        call.crm.store.link(source.module.name, record_id, link.target, row["id"])
        call.crm.changes.touch()


def remove(call: Call) -> Answer:
    """DELETE /module/{moduleName}/{id}/relationships/{linkFieldName}/{relatedBeanId}"""
    source, other = _source(call), call.arguments["relatedBeanId"]
    related, bound = source.related()
    sql = f'SELECT t.* FROM "{source.target.table}" t WHERE t.id = ? AND t.deleted = 0 AND {related}'
    row = next(iter(call.crm.store.query(sql, (other, *bound))), None)
    if row is None:
        raise Refused(f"Module with {other} id is not related to {source.module.object_name}")
    link = source.link
    if link.own:
        call.crm.changes.save(source.module, source.row, {link.column: ""}, by=call.user_id)
    elif link.column:
        call.crm.changes.save(source.target, row, {link.column: ""}, by=call.user_id)
    else:
        call.crm.store.unlink(source.module.name, source.row["id"], link.target, other)
        call.crm.changes.touch()
    ours, theirs = source.module.object_name, source.target.object_name
    text = f"Relationship has been deleted between {ours} with id {source.row['id']} and {theirs} with id {other}"
    return Answer({"meta": {"message": text}, "data": []})
