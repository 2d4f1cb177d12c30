"""Every card and form that there is, made from example departures as somebody reads them in one chat product."""

import inspect
import sys
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).parents[1] / "cards"))

from card_cases import ADA, AMIT, ITEMS, NOOR, NOW, PROGRESS, SARA_CRM, TOMAS, Story, stories
from rich_cases import rich_stories
from systems_cases import HALFWAY, Several, account, several_stories

from connectors.base import Category, Ghosts, MailboxKind, Module, Record
from handlers import cards
from handlers.cards import Channel, FormFor, Posting
from handlers.departure import FINAL_STATES, Departure
from handlers.elements import Card, Form
from handlers.ghosts import Counted
from handlers.people import Party, Person
from handlers.playbooks import StepKey
from handlers.practice import Practice
from handlers.progress import RunProgress
from handlers.refusal import Refusal
from handlers.texts import Texts
from handlers.undoing import PlacePreview, UndoPreview

SURFACES: Final = ("slack", "cliq")
LANGUAGES: Final = ("en", "de")
# As many as a long list has that people still read.
_OPEN: Final = 7
_NAMESAKES: Final = 7
_URL: Final = "https://crm.example/records/1"
_GHOSTS: Final = Counted(NOW, (Ghosts(SARA_CRM, ((Module("Deals", "Deals", Category.TRANSACTION), 30),)),))
_GHOSTS_EVERYWHERE: Final = Counted(
    NOW,
    tuple(
        Ghosts(account(system, NOOR), ((Module("Deals", "Deals", Category.TRANSACTION), 30),))
        for system in ("zoho_crm", "pipedrive")
    ),
)
_UNDO: Final = UndoPreview((PlacePreview("zoho_crm", "Deals", "Deals", 490, 2, 8),), True, ("undo.lasting.tags",))
_SAME: Final = (
    [account("zoho_crm", AMIT), account("pipedrive", AMIT)],
    [account("sangam", replace(AMIT, email="a.kumar@brightwater.example"))],
)
_UNDO_SEVERAL: Final = replace(
    _UNDO, places=tuple(PlacePreview(system, "Deals", "Deals", 40, 0, 1) for system in ("zoho_crm", "pipedrive"))
)
_CHANGE: Final = cards.Relayed("zoho_crm", "Deals", "77", "Roof", "Bea Ott", "Sara Lindqvist", NOW)


@dataclass(frozen=True)
class Reader:
    """Where cards are read, and in which language."""

    surface: str
    language: str

    @property
    def texts(self) -> Texts:
        return Texts(self.language)

    @property
    def channel(self) -> Channel:
        return Channel("channel", self.surface, self.language, "UTC")

    def of(self, departure: Departure) -> Departure:
        """The same departure among people of this surface and language."""
        return replace(
            departure,
            leaver=self.person(departure.leaver),
            admin=self.person(departure.admin),
            lead=departure.lead and self.person(departure.lead),
            approvers=tuple(map(self.person, departure.approvers)),
            successor=departure.successor and self.person(departure.successor),
            receivers={account: self.person(person) for account, person in departure.receivers.items()},
            checklist=tuple(replace(item, assignee=self.person(item.assignee)) for item in departure.checklist),
        )

    def person(self, person: Person) -> Person:
        number = str(60_000_000 + sum(person.name.encode()))
        return replace(person, chat={self.surface: number}, language=self.language)


READERS: Final = tuple(Reader(surface, language) for surface in SURFACES for language in LANGUAGES)


def public(returns: type) -> set[str]:
    """The functions of `handlers.cards` that make one of these."""
    made = {name: getattr(cards, name) for name in cards.__all__}
    functions = {name: each for name, each in made.items() if inspect.isfunction(each)}
    return {name for name, each in functions.items() if inspect.signature(each).return_annotation is returns}


def card_examples(reader: Reader) -> dict[str, list[Card]]:
    """By the name of the posting, or of the function that makes the card."""
    departures = _departures(reader)
    return _posted(departures, reader) | _answers(reader, departures) | _notices(reader, departures)


@cache
def _departures(reader: Reader) -> dict[str, Departure]:
    """One in every state, for each thing that a plan can explain, and over several systems, with records to be given by
    hand; and before the mailbox question, at leisure and in a hurry, and before the retention, one for each kind of
    mailbox."""
    found = stories() | rich_stories() | several_stories()
    by_hand = Several().running().through("sangam", upto=StepKey.TRANSFER)
    found["several: by hand"] = by_hand.stops("sangam", StepKey.TRANSFER, "guided.transfer", 420).departure
    for kind in MailboxKind:
        asked = Story().planned(mailbox=kind).successor().approved(*ITEMS).departure
        retained = Story().until_running(mailbox=kind).ended().departure
        found |= {kind: asked, f"{kind} at once": replace(asked, emergency=True), f"{kind} inactive": retained}
    return {name: reader.of(departure) for name, departure in found.items()}


def _progress(name: str) -> RunProgress:
    return HALFWAY if name in several_stories() else PROGRESS


def _posted(departures: Mapping[str, Departure], reader: Reader) -> dict[str, list[Card]]:
    found: defaultdict[str, list[Card]] = defaultdict(list)
    for name, departure in departures.items():
        for posting in cards.postings(departure, _progress(name), now=NOW, channels=(reader.channel,)):
            found[_name(posting)].append(posting.card)
    return dict(found)


def _name(posting: Posting) -> str:
    """A posting's key without departure, numbers and recipient."""
    what = " ".join(part for part in posting.key.split(":")[1:-1] if not part.isdecimal())
    return f"{what} (channel)" if isinstance(posting.recipient, Channel) else what


def _answers(reader: Reader, departures: Mapping[str, Departure]) -> dict[str, list[Card]]:
    texts, some = reader.texts, departures["mailbox"]
    admin, second, lead = (reader.person(each) for each in (ADA, NOOR, TOMAS))
    parties = Party(admin, admin=True), Party(second, admin=True), Party(lead, admin=False)
    many = _many(list(departures.values()))
    namesakes = [
        replace(SARA_CRM, id=str(n), name=f"Sara Lindqvist {n}", email=f"sara{n}@brightwater.example")
        for n in range(1, _NAMESAKES + 1)
    ]
    return {
        "started_card": [cards.started_card(texts, each) for each in (some, departures["several: choose"])],
        "status_card": [
            cards.status_card(texts, departure, party, _progress(name), NOW)
            for name, departure in departures.items()
            for party in parties
        ],
        "list_card": [cards.list_card(texts, many, NOW)],
        "home_card": [cards.home_card(texts, parties[0], many, NOW)],
        "choose_leaver_card": [cards.choose_leaver_card(texts, "sara", [[each] for each in namesakes])],
        "ask_same_card": [cards.ask_same_card(texts, "amit", *_SAME)],
        "ask_without_card": [cards.ask_without_card(texts, _SAME[0], ("sangam",), ("suitecrm",))],
        "rescheduled_card": [cards.rescheduled_card(texts, departures[name]) for name in ("mailbox", "scheduled")],
        "ghosts_card": [cards.ghosts_card(texts, [], counted) for counted in (None, _GHOSTS, _GHOSTS_EVERYWHERE)],
        "undo_preview_card": [
            cards.undo_preview_card(texts, departures["backup"], _UNDO),
            cards.undo_preview_card(texts, departures["several: closed"], _UNDO_SEVERAL),
        ],
        "already_open_card": [cards.already_open_card(texts, some)],
        "cancelled_card": [cards.cancelled_card(texts, some)],
        "refusal_card": [cards.refusal_card(texts, Refusal("stale"), some)],
        "nobody_found_card": [cards.nobody_found_card(texts, "sarah")],
        "misunderstood_card": [cards.misunderstood_card(texts, "amit !!")],
        "help_card": [cards.help_card(texts)],
        "please_wait_card": [cards.please_wait_card(texts)],
        "form_too_late_card": [cards.form_too_late_card(texts)],
        "error_card": [cards.error_card(texts, "ab12cd34")],
        "vendor_error_card": [
            cards.vendor_error_card(texts, "ab12cd34", system="pipedrive", away=away) for away in (False, True)
        ],
    }


def _many(departures: Sequence[Departure]) -> list[Departure]:
    still_open = [departure for departure in departures if departure.state not in FINAL_STATES]
    return [
        replace(departure, id=f"dep-{n}", leaver=Person(f"Amit Kumar {n}", f"amit{n}@brightwater.example"))
        for n, departure in enumerate(still_open[:_OPEN], 1)
    ]


def _notices(reader: Reader, departures: Mapping[str, Departure]) -> dict[str, list[Card]]:
    channel, departure = reader.channel, departures["backup"]
    if departure.plan is None:
        raise ValueError("the example has no plan")
    plan, module = departure.plan.systems[0], PROGRESS.modules[0]
    return {
        "owner_change_notice": [
            cards.owner_change_notice(channel, departure, plan, module, new=("Sara Lindqvist",), url=_URL)
        ],
        "record_notice": [
            cards.record_notice(channel, plan, "Deals", cards.Change(Record("77", "Roof"), "Sara Lindqvist", _URL))
        ],
        "relayed_notice": [cards.relayed_notice(channel, _CHANGE, _URL)],
        "relayed_summary": [cards.relayed_summary(channel, "zoho_crm", {"Deals": 40, "Contacts": 3})],
    }


_FORMS: Final[dict[str, Callable[[Texts, Departure, FormFor], Form]]] = {
    "successor_form": cards.successor_form,
    "send_back_form": cards.send_back_form,
    "mailbox_form": cards.mailbox_form,
    "waive_form": cards.waive_form,
    "backup_form": cards.backup_form,
    "exception_form": cards.exception_form,
    "by_hand_form": cards.by_hand_form,
    "reschedule_form": cards.reschedule_form,
    "checklist_form": cards.checklist_form,
    "ask_form": cards.ask_form,
    "propose_form": cards.propose_form,
    "hand_on_form": cards.hand_on_form,
}


@cache
def form_examples(reader: Reader) -> dict[str, list[Form]]:
    """By the name of the function that makes it."""
    asked = FormFor(Party(reader.person(ADA), admin=True), Practice())
    departures = [each for each in _departures(reader).values() if each.inventories]
    fit = {
        "checklist_form": [each for each in departures if each.open_items],
        "hand_on_form": [each for each in departures if each.successor],
    }
    return {
        name: [make(reader.texts, each, asked) for each in fit.get(name, departures)] for name, make in _FORMS.items()
    }
