"""Where Pipedrive's documents are silent or say two things: tests turn these, and a connector must bear either."""

from dataclasses import dataclass, field


@dataclass
class Quirks:
    """The defaults are what the documents let one expect."""

    archived_edit_status: int = 400  # of a PATCH on something archived
    unarchive_alone: bool = True  # `is_archived: false` with anything else beside it is refused too
    inactive_owner_status: int | None = 400  # of giving a record to somebody inactive; None does it
    inactive_owner_filter: str = "accepted"  # or "refused" (400), or "empty": lists by an inactive owner
    users_without_deactivated: bool = False  # GET /users lists the active ones alone
    numeric_active_flag: bool = False  # PUT /users/{id} heeds 0 and 1, and answers true and false without doing it
    label_field_code: str = "label_ids"  # or "label"
    v2_label_options: bool = True  # the call for options takes the system's label field, not custom ones alone
    labels_locked: bool = False  # nobody may create labels (`can_modify_labels`)
    plain_429: bool = False  # the body is the bare text
    owner_change_forbidden: set[str] = field(default_factory=set)  # modules in which only the owner may pass on
    same_owner_forbidden: bool = True  # and that holds for a PATCH with the owner as it is
    api_off: set[int] = field(default_factory=set)  # users whose permission set has no "use API"
