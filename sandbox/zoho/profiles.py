"""Profiles: which modules a user sees.

https://www.zoho.com/crm/developer/docs/api/v8/get-profiles.html
"""

from dataclasses import dataclass
from typing import Final

from sandbox.zoho.api import Answer, Call, Json, bad_path, no_permission
from sandbox.zoho.schema import MODULES, Module

_RIGHTS: Final = ("View", "Create", "Edit", "Delete")


@dataclass(frozen=True)
class Profile:
    """`hidden` are the modules (API names) that its users do not see."""

    id: str
    name: str
    hidden: frozenset[str] = frozenset()
    custom: bool = False


PROFILES: Final = {
    profile.name: profile
    for profile in (
        Profile("5000000000000012", "Administrator"),
        Profile("5000000000000013", "Standard"),
        Profile("5000000000000014", "Service Standard", hidden=frozenset({"Leads"}), custom=True),
    )
}


def listing(call: Call) -> Answer:
    _require_admin(call)
    return Answer({"profiles": [_summary(profile) for profile in PROFILES.values()]})


def one(call: Call) -> Answer:
    _require_admin(call)
    profile = next((each for each in PROFILES.values() if each.id == call.path["id"]), None)
    if profile is None:
        raise bad_path()
    return Answer({"profiles": [{**_summary(profile), "permissions_details": _permissions(profile)}]})


def _require_admin(call: Call) -> None:
    if not call.user.is_admin:
        raise no_permission("Crm_Implied_Manage_Profiles")


def _summary(profile: Profile) -> Json:
    return {
        "id": profile.id,
        "name": profile.name,
        "api_name": profile.name.replace(" ", "_"),
        "display_label": profile.name,
        "type": "normal_profile",
        "custom": profile.custom,
        "description": None,
    }


def _permissions(profile: Profile) -> list[Json]:
    return [
        _permission(profile, module, right)
        for module in MODULES
        if module.api_supported
        for right in range(len(_RIGHTS))
    ]


def _permission(profile: Profile, module: Module, right: int) -> Json:
    """All rights but the first hang on the right to view."""
    first = 5_000_000_000_000_016_000 + module.number * len(_RIGHTS)
    return {
        "id": str(first + right),
        "name": f"Crm_Implied_{_RIGHTS[right]}_{module.api_name}",
        "display_label": _RIGHTS[right],
        "module": module.api_name,
        "enabled": module.api_name not in profile.hidden,
        "customizable": True,
        "parent_permissions": [str(first)] if right else None,
    }
