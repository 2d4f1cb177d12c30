"""What people are told to do about the leaver's e-mails, before and after, and what became of them."""

import re
from dataclasses import replace

import pytest
from card_cases import ADA, ITEMS, MAILS, NOW, SARA_CRM, Story, buttons, lost_story, read, stories

from connectors.base import MailboxKind
from handlers import cards
from handlers.cards import FormFor, postings
from handlers.cards.common import View
from handlers.cards.mailbox import mailbox_todo, retention_todo
from handlers.departure import Departure, State
from handlers.elements import Card, ChoiceField, Element, Link, Paragraph, Style, TextField
from handlers.events import MailboxWaived
from handlers.intents import Action
from handlers.mailbox import MailboxAnswers, Method, Sharing, mailbox_problem
from handlers.people import Party
from handlers.plan import Handover, canonical, make_plan
from handlers.plan import Method as PlanMethod
from handlers.playbooks import StepKey
from handlers.practice import Mail, Practice
from handlers.texts import Texts

EN, DE = Texts("en"), Texts("de")
STORIES = stories()
CONNECTED = tuple(kind for kind in MailboxKind if kind is not MailboxKind.NONE)
IN_GERMAN = "Einrichtung > Kanäle > E-Mail"
HOUSE = FormFor(Party(ADA, admin=True), Practice())


def before(kind: MailboxKind) -> Departure:
    return Story().planned(mailbox=kind).successor().approved().departure


def said(elements: tuple[Element, ...]) -> str:
    return read(Card("", elements))


def todo(departure: Departure, texts: Texts = EN) -> str:
    return said(mailbox_todo(View(departure, texts)))


def retain(departure: Departure, texts: Texts = EN) -> str:
    return said(retention_todo(View(departure, texts)))


def newest(departure: Departure, what: str) -> Card:
    found = [each for each in postings(departure, None, now=NOW, channels=()) if f":{what}" in each.key]
    return next(each.card for each in reversed(found) if "ada" in each.key)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (MailboxKind.IMAP, ("connected by IMAP", "the IMAP connection is active")),
        (MailboxKind.POP, ("connected by POP", "the 5 GB are not full", "recent:amit@brightwater.example")),
        (MailboxKind.ZOHO, ("is a Zoho Mail mailbox",)),
        (MailboxKind.NONE, ("No mailbox of Amit Kumar is connected", "Sign in to the CRM as Amit Kumar")),
        (MailboxKind.UNKNOWN, ("does not say how Amit Kumar's mailbox is connected", "IMAP, POP3 or Zoho Mail?")),
    ],
)
def test_the_card_says_what_to_do_for_this_kind_of_mailbox(kind: MailboxKind, words: tuple[str, ...]) -> None:
    prompt = newest(before(kind), "prompt:mailbox")
    for each in (*words, "Setup > Channels > Email"):
        assert each in read(prompt)
    assert IN_GERMAN in todo(before(kind), DE)


@pytest.mark.parametrize("texts", [EN, DE])
@pytest.mark.parametrize("kind", MailboxKind)
def test_each_step_is_numbered_in_order_and_short(kind: MailboxKind, texts: Texts) -> None:
    for element in mailbox_todo(View(before(kind), texts)):
        steps = [line for line in said((element,)).splitlines() if re.match(r"\d+\. ", line)]
        assert [line.partition(".")[0] for line in steps] == [str(n) for n in range(1, len(steps) + 1)]
        assert max(map(len, steps), default=0) <= 200


@pytest.mark.parametrize("kind", CONNECTED)
def test_sharing_is_never_private_settings_are_locked_and_reasons_come_last(kind: MailboxKind) -> None:
    told = todo(before(kind))
    steps = ["Email Sharing. For Amit Kumar choose Public (or Custom), never Private", "exclude your own domain",
             "Zoho Mail Add-on Users, tick Amit Kumar, Lock", "Why first", "Do not close the mailbox"]  # fmt: skip
    assert sorted(steps, key=told.index) == steps


def test_the_other_way_by_pop_is_shown_where_the_mailbox_is_not_copied_yet() -> None:
    shown = {kind for kind in MailboxKind if "remove IMAP, then Custom Email Integrations > POP3" in todo(before(kind))}
    assert shown == {MailboxKind.IMAP, MailboxKind.UNKNOWN}
    assert "port 995, SSL" in todo(before(MailboxKind.IMAP))
    assert "Tick “Leave messages on the server”" in todo(before(MailboxKind.IMAP))


def test_the_domains_of_the_house_are_named_or_else_that_of_the_leaver() -> None:
    departure = before(MailboxKind.IMAP)
    assert "exclude your own domain: brightwater.example." in todo(departure)
    practice = Practice(mail=Mail(own_domains=("brightwater.example", "brightwater.test")))
    plan = make_plan(departure.inventories or {}, {"zoho_crm": Handover(SARA_CRM)}, NOW, PlanMethod(practice))
    named = todo(replace(departure, signed=canonical(plan)))
    assert "exclude your own domain: brightwater.example and brightwater.test. At most 5 domains fit." in named


@pytest.mark.parametrize("texts", [EN, DE])
@pytest.mark.parametrize("kind", CONNECTED)
def test_in_an_emergency_the_loss_is_named_first(kind: MailboxKind, texts: Texts) -> None:
    calm, urgent = before(kind), replace(before(kind), emergency=True)
    first, *_ = mailbox_todo(View(urgent, texts))
    assert said((first,)).strip().startswith(("Before you hurry", "Bevor es eilt"))
    assert first not in mailbox_todo(View(calm, texts))


def test_without_a_mailbox_nothing_can_be_lost() -> None:
    none = before(MailboxKind.NONE)
    assert todo(replace(none, emergency=True)) == todo(none)
    assert "Plan B" not in todo(none)


def test_whoever_confirms_may_go_on_without_put_it_off_or_call_it_off() -> None:
    safe, *menu = buttons(newest(before(MailboxKind.IMAP), "prompt:mailbox"))
    assert (safe.token.action, safe.style) == (Action.MAILBOX_SAFE, Style.PRIMARY)
    assert [(b.token.action, b.style) for b in menu] == [
        (Action.DETAILS, Style.NORMAL),
        (Action.WAIVE_MAILBOX, Style.DANGER),
        (Action.RESCHEDULE, Style.NORMAL),
        (Action.CANCEL, Style.DANGER),
    ]
    case = buttons(newest(before(MailboxKind.IMAP), "case"))
    assert Action.WAIVE_MAILBOX not in [b.token.action for b in case], "a decision is made where it is asked for"


@pytest.mark.parametrize("texts", [EN, DE])
@pytest.mark.parametrize("kind", MailboxKind)
def test_the_form_shows_the_same_steps_and_asks_what_was_found(kind: MailboxKind, texts: Texts) -> None:
    departure = before(kind)
    form = cards.mailbox_form(texts, departure, HOUSE)
    assert form.elements == mailbox_todo(View(departure, texts))
    choices = {field.name: field for field in form.fields if isinstance(field, ChoiceField)}
    assert {name: [c.value for c in field.choices] for name, field in choices.items() if name != "method"} == {
        "kind": ["imap", "pop", "zoho", "none"],
        "sharing": ["public", "custom", "private"],
    }
    assert choices["kind"].initial == (None if kind is MailboxKind.UNKNOWN else kind)
    assert all(choice.text for field in choices.values() for choice in field.choices)
    note = form.fields[-1]
    assert isinstance(note, TextField)
    assert not note.optional


@pytest.mark.parametrize("kind", [kind for kind in MailboxKind if kind is not MailboxKind.UNKNOWN])
def test_what_the_form_offers_first_is_accepted(kind: MailboxKind) -> None:
    fields = cards.mailbox_form(EN, before(kind), HOUSE).fields
    chosen = {f.name: f.initial or "public" for f in fields if isinstance(f, ChoiceField)}
    answers = MailboxAnswers(MailboxKind(chosen["kind"]), Sharing(chosen["sharing"]), Method(chosen["method"]))
    assert mailbox_problem(answers) is None


def test_whoever_goes_on_without_reads_what_they_sign_for() -> None:
    form = cards.waive_form(EN, before(MailboxKind.IMAP), HOUSE)
    assert "E-mails on the records may be lost for good. You take responsibility" in said(form.elements)
    assert [(field.name, getattr(field, "optional", None)) for field in form.fields] == [("reason", False)]
    waived = STORIES["waived"]
    assert "Mailbox left open, signed by: @Ada Brandt" in read(newest(waived, "case"))
    prompt = newest(waived, "prompt:mailbox")
    assert "Mailbox left open, signed by @Ada Brandt" in read(prompt)
    assert "“The mailbox is gone already”" in read(prompt)


def test_a_mailbox_that_was_left_open_is_not_asked_about_again() -> None:
    story = Story().planned().successor().approved().waived().voided().approved()
    reason = {"by": ADA, "reason": "The mailbox is gone already"}
    departure = story.then(MailboxWaived, **reason).departure
    keys = [each.key for each in postings(departure, None, now=NOW, channels=())]
    assert [key for key in keys if ":prompt:mailbox:" in key] == ["dep-1:prompt:mailbox:4:ada@brightwater.example"]
    assert departure.state is State.SCHEDULED


def test_the_retention_says_each_click_and_until_when() -> None:
    departure = STORIES["backup"]
    prompt = read(newest(departure, "prompt:backup"))
    steps = ["1. As an administrator: Setup > Security Control > Zoho Mail Add-on Users (in older editions under",
             "2. Tick Amit Kumar, press “Retain Emails” (in some editions “Back up”)", "3. It takes some hours",
             "by Nov 1, 2026 at the latest", "No such button? Older editions offer it for POP mailboxes only",
             "the e-mails on 2 records are counted again"]  # fmt: skip
    assert sorted(steps, key=prompt.index) == steps
    assert "„E-Mails sichern“ drücken" in retain(departure, DE)
    assert "spätestens bis 01.11.2026" in retain(departure, DE)
    assert "Retain the e-mails by: Nov 1, 2026" in read(newest(departure, "case"))
    assert "Zoho offers it for some months only" in retain(replace(departure, retention_until=None))


def test_where_there_is_no_mailbox_nothing_is_retained() -> None:
    counted = Story().until_running(mailbox=MailboxKind.NONE).ended().departure
    assert retain(counted).strip() == (
        "No mailbox was connected to the CRM, so there is nothing to retain for Amit Kumar. Please confirm that."
    )
    found = MailboxAnswers(MailboxKind.NONE, Sharing.PUBLIC, Method.NOTHING)
    story = Story().planned(mailbox=MailboxKind.UNKNOWN).successor().approved().mailbox(found)
    assert retain(story.ended().departure) == retain(counted), "what a person found counts more than what the CRM says"


def test_the_retention_follows_how_the_mails_are_kept() -> None:
    archive = MailboxAnswers(MailboxKind.IMAP, Sharing.PUBLIC, Method.ARCHIVE)
    archived = Story().planned().successor().approved().mailbox(archive).ended().departure
    assert "the e-mails are shown from the archive mailbox" in retain(archived)
    assert "Retain Emails" not in retain(archived)
    assert "at the latest" not in retain(archived)
    copied = Story().until_running(mailbox=MailboxKind.POP).ended().departure
    assert "No such button?" not in retain(copied)
    waived = Story().planned().successor().approved(*ITEMS).waived().ended().departure
    assert "Ada Brandt signed for that: “The mailbox is gone already”" in retain(waived)


def test_kept_mails_are_told_as_counted() -> None:
    for what in ("case", "closed"):
        assert "All 14 e-mails on a sample of 2 records are still there." in read(newest(STORIES["closed"], what))
    assert "still there" not in read(newest(STORIES["backup"], "case")), "nobody has counted again yet"


def test_lost_mails_are_named_record_by_record_with_what_to_do() -> None:
    card = newest(STORIES["e-mails lost"], "prompt:attention")
    told = read(card)
    assert "3 of 14 e-mails of the sample are no longer there." in told
    assert "Roof & Sons: 5 → 2" in told
    assert "Deal <1>: " not in told, "of these none is missing"
    assert "let Amit Kumar in again (Setup > Users > Activate)" in told
    assert "Nothing is lost" not in told
    assert [b.token.action for b in buttons(card)][:2] == [Action.RETRY, Action.SIGN_EXCEPTION]
    assert "E-mails: 3 of 14 e-mails of the sample are no longer there." in read(
        newest(STORIES["e-mails lost"], "case")
    )


def test_a_record_of_which_the_address_is_known_is_a_link() -> None:
    departure = replace(STORIES["e-mails lost"], mails_after={"zoho_crm": {"1": 7}})
    words = [w for e in newest(departure, "prompt:attention").elements if isinstance(e, Paragraph) for w in e.words]
    assert [word for word in words if isinstance(word, Link)] == [Link("Deal <1>", "https://crm.example/deals/1")]
    assert "Roof & Sons: 5 → 0" in read(newest(departure, "prompt:attention")), "a record that is not found has none"


def test_a_long_list_of_losses_says_how_many_are_not_shown() -> None:
    many = tuple(replace(MAILS[1], record_id=f"r{n}", label=f"Record {n}") for n in range(13))
    departure = replace(STORIES["e-mails lost"], mails_before={"zoho_crm": many}, mails_after={"zoho_crm": {}})
    told = read(newest(departure, "prompt:attention"))
    assert len(re.findall(r"Record \d+: 5 → 0", told)) == 10
    assert "And 3 more records." in told


def test_signed_losses_stand_in_the_verdict_as_mails() -> None:
    story = lost_story().signed(StepKey.MAILS).proven()
    assert "Count of the e-mails: 3 e-mails missing. Signed by @Tomás Rivera" in read(newest(story.departure, "closed"))


@pytest.mark.parametrize("texts", [EN, DE])
def test_each_answer_that_would_lose_mails_is_refused_with_a_way_on(texts: Texts) -> None:
    wrong = (
        MailboxAnswers(MailboxKind.UNKNOWN, Sharing.PUBLIC, Method.RETAIN),
        MailboxAnswers(MailboxKind.IMAP, Sharing.PRIVATE, Method.RETAIN),
        MailboxAnswers(MailboxKind.POP, Sharing.PUBLIC, Method.RETAIN),
    )
    sentences = set()
    for answers in wrong:
        problem = mailbox_problem(answers)
        assert problem is not None
        sentences.add(texts.t(problem[1], leaver="Amit Kumar"))
    assert len(sentences) == 3
    assert all("Amit Kumar" in sentence for sentence in sentences)
