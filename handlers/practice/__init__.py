"""How this house does departures: what moves, to whom, by when, and what people do by hand. Read from a file.

`handlers/policy.toml` is used where no file is given, and explains every key. What an own file leaves out stays as it
is there.
"""

from handlers.practice.house import InvalidPractice, Practice, default_text, load_practice, practice_text
from handlers.practice.kinds import FieldAction, Move, Release, StaleAction, When
from handlers.practice.sections import (
    Announcement,
    ChecklistItem,
    Configuration,
    Mail,
    ModuleRule,
    Recheck,
    Reminders,
    Retention,
    Route,
    Stale,
    Successors,
    Sweep,
    Tagging,
    Undo,
    UserFields,
    WorkingTime,
)

__all__ = [
    "Announcement",
    "ChecklistItem",
    "Configuration",
    "FieldAction",
    "InvalidPractice",
    "Mail",
    "ModuleRule",
    "Move",
    "Practice",
    "Recheck",
    "Release",
    "Reminders",
    "Retention",
    "Route",
    "Stale",
    "StaleAction",
    "Successors",
    "Sweep",
    "Tagging",
    "Undo",
    "UserFields",
    "When",
    "WorkingTime",
    "default_text",
    "load_practice",
    "practice_text",
]
