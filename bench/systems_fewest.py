"""The fewest calls that a run can make in each system, counted from the town's tables before it begins.

n is what has to move of a module, all what the leaver owns of it, whose what everybody owns. A run is what follows the
last decision of a person: the plan is made, the successor was looked at, the metadata is known.

              Zoho CRM                  Pipedrive                      SuiteCRM
comparison    3 + 1 for each module     1 + a list for each module     2 + a count for each module
mails and     1 for a list of contacts, 1 list; 4 for the work-list;   1 list; 3 of ten contacts each: whose it is,
work-list     20 for ten of them,       1 after the run                its mails before and after; 3 for the work-list
              4 for the work-list
configuration 6: two jobs, begun, seen  0: left to people              0
              to end, and looked at
snapshot      ceil(n / 2,000)           ceil(n / 500)                  ceil(all / 200)
tags made     1 for each module with n  2 for each that has labels     0
tagging       ceil(n / 500), locked     0: along with the owner        ceil(n / 100): which have a tag already?
              ones counted twice
look          1 for each module with n  ceil(n / 100)                  1 for each module with n
owner changes ceil(n / 500)             n                              n
other fields  as in bench/transfer.py   n of deals name the leaver in  0: the town has no such field
                                        the field that the town has:
                                        ceil(deals / 500) to find
                                        them, ceil(n / 100) to look
                                        before the change, and n
verification  1 for each module         a list for each module         a count for each module
deactivation  2: the change, and        2                              3: the change, a look whether it holds, and one
              a look whether it holds                                  at the tokens, with 1 more for each
second path   1 for each module         ceil(whose / 500)              ceil(rest / 200)

Sizes are the vendors': Zoho's change_owner takes 500 ids; lists of Pipedrive give 500 rows and take 100 ids, and one
call changes one record; SuiteCRM changes one record by a call too, and loads each row of a list by itself, so that its
documentation advises 200 at most. In Pipedrive a list is ceil(n / 500), for projects ceil(whose / 500), because they
cannot be listed by owner. A count in SuiteCRM is 1 for all and 1 for each condition that closing goes by, because its
filters know no "in" and no grouping; reading is kept for the second path, which must be another.
"""

from collections.abc import Callable, Mapping
from math import ceil
from typing import Final

from systems_calls import OWNER_CHANGES
from transfer import fewest as fewest_in_zoho

from connectors.suitecrm.modules import STANDARD
from sandbox.pipedrive import Pipedrive
from sandbox.pipedrive.labels import TECHNICAL_CONSULTANT
from sandbox.pipedrive.schema import DEALS, PROJECTS, Module
from sandbox.suitecrm import SuiteCrm
from sandbox.suitecrm.schema import BY_NAME
from sandbox.town import ZOHO, Town

LEAVER: Final = "amit"
_MAILS: Final = 10  # records of a sample
_LISTED: Final = 500  # rows of a list of Pipedrive
_LOOKED_AT: Final = 100  # ids that such a list takes
_BY_IDS: Final = frozenset({"persons", "organizations", "products", "deals", "activities"})
_LABELLED: Final = frozenset({"persons", "organizations", "deals", "leads", "projects"})
_PAGE: Final = 200  # rows of a list of SuiteCRM
_BATCH: Final = 100  # records that are written side by side there
# Kinds of the departure's calls in bench/transfer.py that belong to the run, by their names here.
_OF_THE_RUN: Final = {
    "comparison": "comparison", "mails": "mails and work-list", "work-list": "mails and work-list",
    "configuration": "configuration", "snapshot": "snapshot", "tags made": "tags made", "tagging": "tagging",
    "guard": "look", "owner changes": OWNER_CHANGES, "other fields": "other fields", "verification": "verification",
    "deactivation": "deactivation", "second path": "second path",
}  # fmt: skip


def fewest(town: Town, system: str) -> Mapping[str, int]:
    """By kind of call. Asked before the departure begins."""
    return _FEWEST[system](town)


def _zoho(town: Town) -> Mapping[str, int]:
    found: dict[str, int] = {}
    for kind, calls in fewest_in_zoho(town).items():
        if kind in _OF_THE_RUN:
            found[_OF_THE_RUN[kind]] = found.get(_OF_THE_RUN[kind], 0) + calls
    return found


def _pipedrive(town: Town) -> Mapping[str, int]:
    vendor = town.vendors["pipedrive"]
    if not isinstance(vendor, Pipedrive):
        raise TypeError(vendor)
    leaver = next(user.id for user in vendor.users() if user.key == LEAVER)
    moving, modules = vendor.open_owned(leaver), [module.name for module in vendor.modules()]
    whose = {name: sum(vendor.open_owned(user.id).get(name, 0) for user in vendor.users()) for name in modules}
    projects = _pages(_in_list(vendor, PROJECTS), _LISTED)
    listed = {name: _pages(moving.get(name, 0), _LISTED) for name in modules} | {"projects": projects}
    named = len(vendor.named_in(leaver, DEALS.name, TECHNICAL_CONSULTANT))
    return {
        "comparison": 1 + sum(listed.values()),
        "mails and work-list": 1 + sum(listed[name] for name in ("deals", "activities", "tasks")) + 1 + 1,
        "snapshot": sum(listed[name] for name in moving),
        "tags made": 2 * len(_LABELLED & moving.keys()),
        "look": sum(ceil(n / _LOOKED_AT) if name in _BY_IDS else listed[name] for name, n in moving.items()),
        OWNER_CHANGES: sum(moving.values()),
        "other fields": _pages(_in_list(vendor, DEALS), _LISTED) + ceil(named / _LOOKED_AT) + named,
        "verification": len(modules) - 1 + projects,
        "deactivation": 2,
        "second path": sum(1 if name == DEALS.name else _pages(whose[name], _LISTED) for name in modules),
    }


def _in_list(vendor: Pipedrive, module: Module) -> int:
    """What a module's list gives to somebody who asks for nothing: all that is not archived."""
    sql = f"SELECT COUNT(*) FROM {module.name} WHERE is_deleted = 0 AND NOT ({module.archived_sql})"  # noqa: S608 - of the schema
    return int(vendor.store.query(sql)[0][0])


def _suitecrm(town: Town) -> Mapping[str, int]:
    vendor = town.vendors["suitecrm"]
    if not isinstance(vendor, SuiteCrm):
        raise TypeError(vendor)
    leaver = next(user.id for user in vendor.users() if user.key == LEAVER)
    moving, staying = vendor.open_owned(leaver), vendor.closed_owned(leaver)
    moving = {name: n for name, n in moving.items() if n}
    modules = [module.name for module in vendor.modules()]
    counted = sum(1 + len(STANDARD[name].phase.counts) if name in STANDARD else 1 for name in modules)
    tokens = vendor.store.query(
        "SELECT COUNT(*) FROM oauth2tokens WHERE assigned_user_id = ? AND deleted = 0 AND token_is_revoked = 0",
        (leaver,),
    )
    return {
        "comparison": 2 + counted,
        "mails and work-list": 1 + 3 * _MAILS + 3,
        "snapshot": sum(_pages(n + staying.get(name, 0), _PAGE) for name, n in moving.items()),
        "tagging": sum(ceil(n / _BATCH) for name, n in moving.items() if BY_NAME[name].tagged),
        "look": len(moving),
        OWNER_CHANGES: sum(moving.values()),
        "verification": counted,
        "deactivation": 3 + int(tokens[0][0]),
        "second path": sum(_pages(staying.get(name, 0), _PAGE) for name in modules),
    }


def _pages(rows: int, size: int) -> int:
    """That there are none takes a call as well."""
    return max(1, ceil(rows / size))


_FEWEST: Final[Mapping[str, Callable[[Town], Mapping[str, int]]]] = {
    ZOHO: _zoho, "pipedrive": _pipedrive, "suitecrm": _suitecrm,
}  # fmt: skip
