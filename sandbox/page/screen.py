"""Puts the page together: the whole of it, or the regions that have changed."""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote_plus, urlsplit

from sandbox.cliq.hall import cliq_id
from sandbox.faults import Fault, known_to, part_of
from sandbox.page.blocks import environment
from sandbox.page.chat_screen import ChatScreen, Gallery, ReadMarks, first_command
from sandbox.page.cliq_screen import CliqMarks, CliqScreen, first_line
from sandbox.page.crm_screen import Ledger, crm_pane, systems_row
from sandbox.page.hand_screen import hand_pane
from sandbox.page.people_row import Attention, PersonChip, people_row
from sandbox.page.place import APPS, Place
from sandbox.people import COMPANY, LOG_CHANNEL, Person
from sandbox.supervisor import State
from sandbox.wire import Exchange

if TYPE_CHECKING:
    from sandbox.town import Town

_CHATS: Final = {"slack": "chat", "cliq": "cliq/chat"}
_AT_WORK_SECONDS: Final = 3.0
_EXCHANGES: Final = 40
_LOG_LINES: Final = 60
_NAMES: Final = 3  # of those for whom the bot waits; more make the sentence too long to read
_MEANINGS: Final = {
    Fault.LATENCY: ("Slow answers", "Every answer comes late."),
    Fault.RATE_LIMIT: ("Rate limit", "Some calls are refused with HTTP 429: try again later."),
    Fault.SERVER_ERROR: ("Server errors", "Some calls fail with HTTP 500, 502 or 503, and nothing is done."),
    Fault.EXPIRED_TOKEN: ("Access token dies early", "Some calls are refused until the bot gets a new token."),
    Fault.PARTIAL_SUCCESS: ("Partial success", "A bulk change does most rows and refuses a few for now."),
    Fault.LOST_RESPONSE: ("Lost answers", "The change is made, but the answer never arrives."),
    Fault.USED_UP: ("Tokens used up", "Nothing is left of the day's tokens, until more are bought: switch it off."),
    Fault.REVOKED: ("Grant taken back", "Every call is refused, until a person gives the grant back: switch it off."),
}
# https://www.zoho.com/cliq/help/restapi/v3/: Cliq has a status of its own for this.
_CLIQ_MEANINGS: Final = {
    **_MEANINGS,
    Fault.RATE_LIMIT: ("Rate limit", "Some calls are refused: Cliq says with HTTP 400 that there were too many."),
}
# Where calls about records go, below the town's address, where a system has others too.
_CALLS: Final = {"zoho_crm": "/zoho/crm/"}


class Screen:
    def __init__(self, town: "Town") -> None:
        self.town = town
        self.marks = ReadMarks()
        self.gallery = Gallery()
        self.cliq_marks = CliqMarks()
        self.ledger = Ledger(town)
        self.attention = Attention(town, self.marks, self.cliq_marks)

    def page(self, place: Place) -> str:
        place = place.settled(self.town.options.apps, self.town.options.systems)
        context = self._chat(place) | self._top(place) | self._pane(place)
        return environment().get_template("page.html").render(context)

    def regions(self, place: Place, names: Iterable[str]) -> dict[str, str]:
        """The named regions as HTML; names that do not exist are left out."""
        place = place.settled(self.town.options.apps, self.town.options.systems)
        makers = {"chat": self._chat, "top": self._top, "tabs": self._common, "pane": self._pane}
        templates = {"chat": _CHATS[place.app], "top": "top", "tabs": "tabs", "pane": place.side}
        return {
            name: environment().get_template(f"{templates[name]}.html").render(makers[name](place))
            for name in ("chat", "top", "tabs", "pane")  # the chat first: to be looked at counts as read
            if name in set(names)
        }

    def versions(self) -> dict[str, Any]:
        """For each kind of change a value that differs after it."""
        town = self.town
        records = [vendor.version for vendor in town.systems.values()]
        struck = [(len(one.active), one.struck.total()) for one in town.faults.values()]
        state = town.service.state if town.service else ""
        return {
            "chat": (town.workspace.version, town.hall.version),
            "crm": records,
            "hand": records,
            "faults": (struck, state),
            "wire": town.wire.count,
            "top": (state, self._at_work()),
        }

    def _common(self, place: Place) -> dict[str, Any]:
        return {
            "place": place,
            "company": COMPANY,
            "pane": place.side,
            "chat_template": _CHATS[place.app],
            "several": len(self.town.options.systems) > 1,
        }

    def _chat(self, place: Place) -> dict[str, Any]:
        common = self._common(place)
        if place.app == "cliq":
            cliq = CliqScreen(self.town, place, self.cliq_marks)
            shown: dict[str, Any] = {"chat": cliq.context(), "modal": cliq.form()}
        else:
            slack = ChatScreen(self.town, place, self.marks, self.gallery)
            shown = {"chat": slack.context(), "modal": slack.modal()}
        return common | shown | {"apps": self._apps(place)}

    def _apps(self, place: Place) -> list[dict[str, Any]]:
        """The chat apps of this town, between which somebody can switch."""
        waiting = self.attention.waiting(place.person)
        return [
            {"name": app, "label": APPS[app], "current": app == place.app, "waiting": app in waiting}
            for app in self.town.options.apps
        ]

    def _top(self, place: Place) -> dict[str, Any]:
        people = people_row(self.attention, place)
        intro = self._intro(place, [one for one in people["shown"] if one.waiting])
        return self._common(place) | {"bot": self._bot(), "people": people, "intro": intro}

    def _intro(self, place: Place, waiting: list[PersonChip]) -> str:
        """One sentence that says what to do next."""
        town = self.town
        if self.town.service and self.town.service.state in (State.KILLED, State.CRASHED):
            return "The bot is dead. Start it again under Faults, and see that nothing is lost or done twice."
        if self.town.service and self.town.service.state is State.STARTING:
            return "The bot is starting; it goes on where it was."
        me = next((one for one in waiting if one.current), None)
        if me:
            return (
                f"The bot waits for you, {self._named([me], sign=',')}: press a button in your messages from Offboard."
            )
        if waiting:
            click = "a name" if len(waiting) > 1 else "the name"
            return f"The bot waits for {self._named(waiting)}: click {click} with the orange dot to play that part."
        if self._at_work():
            return "The bot is at work; watch the CRM pane. An orange dot lights up when it needs somebody."
        if town.workspace.transcript() or town.hall.transcript():
            return f"Nobody is asked for anything now: read #{LOG_CHANNEL}, or start another departure as Ada."
        typed = first_line(town) if place.app == "cliq" else first_command(town)
        return f"Type {typed} as Ada, then play the people for whom an orange dot lights up."

    def _named(self, chips: list[PersonChip], *, sign: str = "") -> str:
        """Their names, each once, and behind them the apps in which the bot waits, where there are several."""
        names = [chip.person.name for chip in chips]
        shown = names if len(names) <= _NAMES else [*names[: _NAMES - 1], f"{len(names) - _NAMES + 1} others"]
        text = _listed(shown)
        if len(self.town.options.apps) == 1:
            return text
        apps = [app for app in self.town.options.apps if any(app in chip.waiting for chip in chips)]
        return f"{text}{sign} in {_listed([APPS[app] for app in apps])}"

    def _at_work(self) -> bool:
        """Whether the bot has called a CRM just now; its runs pause for a moment between two steps."""
        running = self.town.service is None or self.town.service.running
        if not running:
            return False
        calls = [self._latest_call(system) for system in self.town.options.systems]
        since = [self.town.clock.now() - datetime.fromisoformat(call.at) for call in calls if call]
        return any(each.total_seconds() < _AT_WORK_SECONDS for each in since)

    def _latest_call(self, system: str) -> Exchange | None:
        """The last call about records."""
        calls = (one for _, one in reversed(self.town.wire.numbered(part_of(system))))
        return next((one for one in calls if one.url.startswith(_CALLS.get(system, ""))), None)

    def _pane(self, place: Place) -> dict[str, Any]:
        makers = {"crm": self._crm, "hand": self._hand, "faults": self._faults, "wire": self._wire}
        systems = systems_row(self.town, self.ledger) if place.side in ("crm", "hand") else []
        return self._common(place) | {"systems": systems} | makers[place.side](place)

    def _crm(self, place: Place) -> dict[str, Any]:
        return crm_pane(self.town, place, self.ledger)

    def _hand(self, place: Place) -> dict[str, Any]:
        hand = hand_pane(self.town, place, self.ledger)
        person: Person = hand["chosen"].person
        cliq_closed = bool(person.slack_id) and not self.town.hall.user(cliq_id(person)).active
        closed = {"slack": hand["slack_closed"], "cliq": cliq_closed}
        accounts = [{"app": app, "label": APPS[app], "closed": closed[app]} for app in self.town.options.apps]
        return hand | {"accounts": accounts}

    def _faults(self, _place: Place) -> dict[str, Any]:
        shown = [
            {"name": part, "label": label, "faults": self._switches(part, known_to(part))}
            for part, label in self._parts().items()
        ]
        return {"bot": self._bot(), "vendors": shown}

    def _switches(self, vendor: str, faults: Iterable[Fault]) -> list[dict[str, Any]]:
        held = self.town.faults[vendor]
        meanings = _CLIQ_MEANINGS if vendor == "cliq" else _MEANINGS
        return [
            {
                "name": fault.value,
                "label": meanings[fault][0],
                "meaning": meanings[fault][1],
                "on": fault in held.active,
                "struck": held.struck[fault],
            }
            for fault in faults
        ]

    def _parts(self) -> dict[str, str]:
        """What the bot talks to, by the first word of its address: the connected CRMs, then the chat products."""
        systems = {part_of(system): vendor.label for system, vendor in self.town.systems.items()}
        return systems | {app: APPS[app] for app in self.town.options.apps}

    def _wire(self, place: Place) -> dict[str, Any]:
        wire, parts = self.town.wire, self._parts()
        about = place.wire if place.wire in parts else ""
        rows = [
            {"key": f"x{number}", "path": _path(one.url), "way": _way(one), **vars(one)}
            for number, one in wire.numbered(about)[-_EXCHANGES:]
        ]
        log = self.town.service.tail(_LOG_LINES) if self.town.service else []
        count = wire.counts[about] if about else wire.count
        return {"exchanges": rows[::-1], "wire_count": count, "log": log, "parts": parts, "about": about}

    def _bot(self) -> dict[str, Any]:
        service = self.town.service
        if service is None:
            return {"state": "elsewhere", "title": "The bot is not run by this town."}
        titles = {
            "running": f"Process {service.pid}, start number {service.starts}.",
            "starting": "The process is starting.",
            "killed": "Killed with SIGKILL: it had no chance to say goodbye.",
            "crashed": "The process ended by itself: see its log under Wire.",
            "stopped": "The process does not run.",
        }
        return {"state": service.state.value, "title": titles[service.state.value]}


def _listed(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _way(exchange: Exchange) -> str:
    if exchange.direction == "to_town":
        return "the bot calls a vendor"
    return f"{'Cliq' if exchange.part == 'cliq' else 'Slack'} calls the bot"


def _path(url: str) -> str:
    """A URL without its host, and readable: what differs from call to call."""
    parts = urlsplit(url)
    return unquote_plus(parts.path + (f"?{parts.query}" if parts.query else ""))
