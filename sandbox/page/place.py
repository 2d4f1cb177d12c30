"""Where a person stands on the page. All of it is in the address, so a reload or a bookmark changes nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlencode

from sandbox.people import BY_KEY, ROSTER, Person

PANES: Final = (("chat", "Chat"), ("crm", "CRM"), ("hand", "By hand"), ("faults", "Faults"), ("wire", "Wire"))
# The chat products that a town may have.
APPS: Final = {"slack": "Slack", "cliq": "Cliq"}
GENERAL: Final = "general"
PLAYERS: Final = tuple(person for person in ROSTER if person.slack_id and not person.slack_deleted)
# Who a newcomer needs first: the administrator, the team leader, a possible successor, the managing director.
LEADING: Final = ("ada", "tomas", "sofia", "petra")


@dataclass(frozen=True)
class Place:
    """Who somebody plays, which conversation is open, and which pane.

    `app` is the chat product that is open. `at` is a channel's name, "dm" for the conversation with the bot, or "home"
    for its Home tab, which in Cliq is its widget. `system` is the CRM that the panes show, and `who` the person whose
    records are shown in full; `module` and `owner` filter the table of records, `wire` the calls by vendor. `message`
    is the `ts` of the message that a permalink leads to; the next click forgets it.
    """

    person: Person
    at: str = GENERAL
    pane: str = "chat"
    who: str = ""
    module: str = ""
    owner: str = ""
    message: str = ""
    app: str = "slack"
    system: str = ""
    wire: str = ""

    tabs = PANES

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Place":
        """Read an address; what it does not say, or says wrongly, gets a sensible value."""
        players = {person.key: person for person in PLAYERS}
        panes = dict(PANES)
        return cls(
            person=players.get(query.get("as", ""), players[LEADING[0]]),
            at=query.get("at") or GENERAL,
            pane=query["pane"] if query.get("pane") in panes else "chat",
            who=query["who"] if query.get("who") in BY_KEY else "",
            module=query.get("module", ""),
            owner=query.get("owner", ""),
            message=query.get("message", ""),
            app="cliq" if query.get("app") == "cliq" else "slack",
            system=query.get("system", ""),
            wire=query.get("wire", ""),
        )

    @property
    def side(self) -> str:
        """The pane beside the chat; on a narrow screen one of the two is shown."""
        return "crm" if self.pane == "chat" else self.pane

    def settled(self, apps: Sequence[str], systems: Sequence[str]) -> "Place":
        """The same place in a town that has only these apps and systems; no system stands for the first."""
        app = self.app if self.app in apps else apps[0]
        return replace(self, app=app, system=self.system if self.system in systems else "")

    def link(self, **changes: str) -> str:
        """The address of a place that differs from this one. `as_` stands for the person's key."""
        here = {"as_": self.person.key, "at": self.at, "pane": self.pane, "who": self.who}
        there = here | {"module": self.module, "owner": self.owner, "app": self.app, "wire": self.wire}
        there |= {"system": self.system} | changes
        if there["app"] == "slack":  # where an address says nothing else
            del there["app"]
        return "/?" + urlencode({name.rstrip("_"): value for name, value in there.items() if value})
