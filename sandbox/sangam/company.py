"""What the people of Brightwater have put into their Sangam CRM: the same for one seed."""
# ruff: noqa: S608  # identifiers are taken from the schema alone

import hashlib
import random
import sqlite3
import uuid
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sandbox.people import BY_KEY, SANGAM_IDS, address_in
from sandbox.sangam.schema import MODULES, OWNER, USERS, Module
from sandbox.zoho import words

_WEIGHTS: Final = {
    "Lead": 26, "Contact": 24, "Account": 10, "Opportunity": 14, "Ticket": 6, "Task": 8, "Call": 7, "Meeting": 5,
}  # fmt: skip
_SIZES: Final = {
    "petra": 10, "ada": 5, "noor": 0, "lena": 40, "hanna": 60, "claire": 50, "julia": 120, "mei": 30,
}  # fmt: skip

Row = dict[str, Any]


def stored(moment: datetime) -> str:
    """A moment as the database has it, in UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def insert(db: sqlite3.Connection, module: Module, rows: Iterable[Mapping[str, Any]]) -> None:
    """Add records; columns that a row does not name stay NULL."""
    names = list(module.fields)
    values = ([row.get(name) for name in names] for row in rows)
    db.executemany(f'INSERT INTO "{module.table}" VALUES ({",".join("?" * len(names))})', values)


def _guid(*parts: str) -> str:
    digest = hashlib.blake2b("/".join(parts).encode(), digest_size=16).digest()
    return str(uuid.UUID(bytes=digest, version=4))


def _counts(records: int) -> dict[str, int]:
    total = sum(_WEIGHTS.values())
    counts = {name: int(records * weight / total) for name, weight in _WEIGHTS.items()}
    counts["Lead"] += records - sum(counts.values())
    return counts


def _cell(name: str, module: Module, rng: random.Random, number: int) -> Any:
    field = module.fields[name]
    if field.options:  # what came in by the web site has no status yet
        return None if number % 12 == 5 and module.name == "Lead" else rng.choice(field.options)
    match name:
        case "first_name":
            return rng.choice(words.FIRST)
        case "last_name":
            return rng.choice(words.LAST)
        case "phone_mobile":
            return f"+91 98{rng.randrange(10_000_000, 99_999_999)}"
        case "email1":
            return f"{module.name.lower()}{rng.randrange(10**9)}@customer.example"
        case "amount":
            return f"{rng.randrange(500, 90_000)}.00"
        case "name" | "account_name":
            return f"{rng.choice(words.STEMS)} {rng.choice(words.GOODS if name == 'name' else words.TRADES)}"
        case _:
            return None


def _rows(module: Module, key: str, count: int, *, seed: int, now: datetime) -> Iterator[Row]:
    rng = random.Random(f"{seed}/sangam/{key}/{module.name}")  # noqa: S311  # made-up customers, no secrets
    for number in range(count):
        created = stored(now - timedelta(days=1 + rng.randrange(900), seconds=rng.randrange(86_400)))
        row = {field.name: _cell(field.name, module, rng, number) for field in module.own}
        start = now + timedelta(days=rng.randrange(1, 40)) * (1 if row.get("status") == "Planned" else -1)
        times: Row = {name: stored(start) for name in ("date_start", "date_due") if name in module.fields}
        stamps = {"date_entered": created, "date_modified": created, "deleted": "0", OWNER: SANGAM_IDS[key]}
        yield {**row, **times, **stamps, "id": _guid(str(seed), key, module.name, str(number))}


def _user(key: str, now: datetime) -> Row:
    person = BY_KEY[key]
    return {
        "id": SANGAM_IDS[key], "user_name": key, "first_name": person.first_name, "last_name": person.last_name,
        "email1": address_in("sangam", key), "status": "Active" if person.crm_status == "active" else "Inactive",
        "designation": person.title, "department": person.team, "date_entered": stored(now), "deleted": "0",
        "date_modified": stored(now), "reports_to_id": SANGAM_IDS.get(person.reports_to or ""),
    }  # fmt: skip


def fill(db: sqlite3.Connection, *, now: datetime, seed: int, leaver: str, records: int | None) -> None:
    """Write the whole company into an empty database; `records` overrides how many the leaver owns."""
    db.execute("BEGIN")
    for module in (*MODULES, USERS):
        columns = ", ".join(f'"{name}" TEXT COLLATE NOCASE' for name in module.fields)
        db.execute(f'CREATE TABLE "{module.table}" ({columns}, PRIMARY KEY (id))')
    insert(db, USERS, (_user(key, now) for key in SANGAM_IDS))
    for key, usual in _SIZES.items():
        for name, count in _counts(records if records is not None and key == leaver else usual).items():
            module = next(each for each in MODULES if each.name == name)
            insert(db, module, _rows(module, key, count, seed=seed, now=now))
    for module in MODULES:
        state = f", {module.state}" if module.state else ""
        db.execute(f'CREATE INDEX "owner_{module.table}" ON "{module.table}" ("{OWNER}", deleted, id{state})')
    db.execute("COMMIT")
