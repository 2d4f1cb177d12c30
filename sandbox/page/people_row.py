"""The row of people at the top of the page: who can be played, and who should look into which app next."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.cliq.hall import cliq_id
from sandbox.page import chat_screen, cliq_screen
from sandbox.page.chat_screen import ReadMarks
from sandbox.page.cliq_screen import CliqMarks
from sandbox.page.place import GENERAL, LEADING, PLAYERS, Place
from sandbox.people import Person

if TYPE_CHECKING:
    from sandbox.town import Town


@dataclass(frozen=True)
class PersonChip:
    """One person in the row at the top. `waiting` are the apps in which the bot waits for them.

    `app` and `at` are the conversation to open: where something waits or is unread. The app is the one that is open,
    unless something waits in the other alone: whatever the bot tells, it tells in both.
    """

    person: Person
    current: bool
    waiting: tuple[str, ...]
    app: str
    at: str


class Attention:
    """Where in the apps of a town somebody should look."""

    def __init__(self, town: "Town", slack: ReadMarks, cliq: CliqMarks) -> None:
        self._town = town
        self._slack = slack
        self._cliq = cliq

    def waiting(self, person: Person) -> tuple[str, ...]:
        """The apps in which the bot waits for this person."""
        town, slack, cliq = self._town, person.slack_id or "", cliq_id(person)
        found = {
            "slack": lambda: chat_screen.waits(town.workspace, slack),
            "cliq": lambda: cliq_screen.waits(town.hall, cliq),
        }
        return tuple(app for app in town.options.apps if found[app]())

    def told(self, person: Person) -> tuple[str, ...]:
        """The apps in which the bot has told them something that they have not seen."""
        town, slack, cliq = self._town, person.slack_id or "", cliq_id(person)
        found = {
            "slack": lambda: chat_screen.told(town.workspace, self._slack, slack),
            "cliq": lambda: cliq_screen.told(town.hall, self._cliq, cliq),
        }
        return tuple(app for app in town.options.apps if found[app]())

    def has_account(self, person: Person) -> bool:
        """Whether they can still use one of the apps."""
        town = self._town
        open_in = {
            "slack": not town.workspace.users[person.slack_id or ""].deleted,
            "cliq": town.hall.user(cliq_id(person)).active,
        }
        return any(open_in[app] for app in town.options.apps)


def people_row(attention: Attention, place: Place) -> dict[str, list[PersonChip]]:
    """Who can be played: the leading people and everybody for whom something waits come first."""
    players = [one for one in PLAYERS if attention.has_account(one) or one is place.person]
    chips = [_chip(attention, person, place) for person in players]
    first = [one for key in LEADING for one in chips if one.person.key == key]
    also = [one for one in chips if one not in first and (one.waiting or one.current)]
    shown = first + also
    return {"shown": shown, "rest": [one for one in chips if one not in shown]}


def _chip(attention: Attention, person: Person, place: Place) -> PersonChip:
    current, waiting = person.key == place.person.key, attention.waiting(person)
    app = waiting[0] if waiting and place.app not in waiting else place.app
    news = app in (waiting or attention.told(person))
    return PersonChip(person, current, waiting, app, "dm" if news else (place.at if current else GENERAL))
