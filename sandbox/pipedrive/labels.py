"""Fields and their options: labels of deals, persons, organizations and projects are options of a system field.

https://pipedrive.readme.io/docs/working-with-labels
"""

import uuid
from dataclasses import dataclass, field
from typing import Final

from sandbox.pipedrive.api import Json

# The custom field of deals that names people: a reference to a user beside the owner.
TECHNICAL_CONSULTANT: Final = "9f3c1a7e5b2d4860c1e7a9b3d5f7081234567890"
_COLOURS: Final = ("green", "yellow", "blue", "red", "purple", "gray")
LEAD_COLOURS: Final = (
    "blue", "brown", "dark-gray", "gray", "green", "orange", "pink", "purple", "red", "yellow",
)  # fmt: skip
_LABELS: Final = {
    "deals": ("Hot", "Warm", "Cold", "Messe 2026"),
    "persons": ("Customer", "Decision maker", "Newsletter"),
    "organizations": ("Customer", "Key account", "Partner"),
    "projects": ("Retrofit", "Rollout"),
    "products": (),
}
_SYSTEM: Final = {
    "deals": (("title", "Title", "varchar"), ("owner_id", "Owner", "user"), ("status", "Status", "status")),
    "persons": (("name", "Name", "varchar"), ("owner_id", "Owner", "user")),
    "organizations": (("name", "Name", "varchar"), ("owner_id", "Owner", "user")),
    "projects": (("title", "Title", "varchar"), ("owner_id", "Owner", "user")),
    "products": (("name", "Name", "varchar"), ("owner_id", "Owner", "user")),
}
LABEL: Final = "label_ids"
MOST_OPTIONS: Final = 10_000


_LEAD_LABELS: Final = (("Hot", "red"), ("Warm", "yellow"), ("Cold", "blue"))


@dataclass
class LeadLabel:
    """Leads have labels of their own: https://developers.pipedrive.com/docs/api/v1/LeadLabels"""

    id: str
    name: str
    color: str
    at: str

    def show(self) -> Json:
        return {"id": self.id, "name": self.name, "color": self.color, "add_time": self.at, "update_time": self.at}


@dataclass
class Option:
    id: int
    label: str
    color: str | None


@dataclass
class FieldDef:
    """A field of a module. `id` is what v1 calls it by, `code` what v2 does."""

    id: int
    code: str
    name: str
    type: str
    custom: bool = False
    options: list[Option] | None = None


@dataclass
class Fields:
    """All fields by module. Ids of options are never used twice."""

    by_module: dict[str, list[FieldDef]] = field(default_factory=dict)
    lead_labels: list[LeadLabel] = field(default_factory=list)
    _next_field: int = 12_470
    _next_option: int = 41

    def __post_init__(self) -> None:
        for module, system in _SYSTEM.items():
            self.by_module[module] = [FieldDef(self._field_id(), *each) for each in system]
            if names := _LABELS[module]:
                labels = FieldDef(self._field_id(), LABEL, "Label", "set", options=[])
                self.by_module[module].append(labels)
                self.add_options(labels, list(names))
        for name, color in _LEAD_LABELS:
            self.add_lead_label(name, color, "2024-02-01T08:00:00.000Z")
        self.add("deals", "Technical consultant", "user", code=TECHNICAL_CONSULTANT)

    def add(self, module: str, name: str, kind: str, *, code: str, options: tuple[str, ...] = ()) -> FieldDef:
        """A new custom field."""
        made = FieldDef(self._field_id(), code, name, kind, custom=True)
        if kind in ("enum", "set"):
            made.options = []
            self.add_options(made, list(options))
        self.by_module[module].append(made)
        return made

    def add_options(self, to: FieldDef, labels: list[str]) -> list[Option]:
        to.options = to.options if to.options is not None else []
        new = []
        for label in labels:
            option = Option(
                self._next_option, label, None if to.custom else _COLOURS[self._next_option % len(_COLOURS)]
            )
            self._next_option += 1
            to.options.append(option)
            new.append(option)
        return new

    def add_lead_label(self, name: str, color: str, at: str) -> LeadLabel:
        number = len(self.lead_labels) + 1
        label = LeadLabel(str(uuid.uuid5(uuid.NAMESPACE_URL, f"pipedrive/lead-label/{number}")), name, color, at)
        self.lead_labels.append(label)
        return label

    def custom(self, module: str) -> dict[str, FieldDef]:
        """The custom fields by code."""
        return {each.code: each for each in self.by_module.get(module, ()) if each.custom}

    def labels(self, module: str) -> dict[int | str, str]:
        """The labels of a module by id, which for leads is a UUID."""
        if module == "leads":
            return {label.id: label.name for label in self.lead_labels}
        fields = (each for each in self.by_module.get(module, ()) if each.code == LABEL)
        return {option.id: option.label for each in fields for option in each.options or ()}

    def _field_id(self) -> int:
        self._next_field += 1
        return self._next_field
