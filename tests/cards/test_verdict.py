"""The verdict at the end: the same in the closed card, in the channel, on the case card and in the report."""

from dataclasses import replace

import pytest
from card_cases import ADA, NOW, TOMAS, Story, read, signed_story
from rich_cases import RICH_PROGRESS, handed_over, rechecked

from handlers.cards import Channel, postings
from handlers.cards.verdict import Standing, standing
from handlers.departure import Departure
from handlers.elements import Card
from handlers.events import Announced, Outcome, Returned, UndoStarted
from handlers.ports import LedgerOutcome, Place, Totals
from handlers.progress import RunProgress
from handlers.report import Case, report_html
from handlers.texts import Texts

CHANNEL = Channel("C0LOG", "slack", "en", "UTC")
DONE = RICH_PROGRESS
HALF = replace(DONE, modules=(replace(DONE.modules[0], moved=0, returned=178), *DONE.modules[1:]))
ALL = replace(DONE, modules=tuple(replace(each, moved=0, returned=each.moved) for each in DONE.modules))


def ended() -> Story:
    return handed_over().closed().tell(Announced, by=ADA)


def given_back(records: int = 178, *, others: int = 0, after: Story | None = None) -> Story:
    story = (after or ended()).tell(UndoStarted, by=ADA, modules=("zoho_crm/Leads",))
    return story.tell(Returned, records=records, others=others, failed=0)


def handed_on() -> Story:
    return ended().handing_on().handed_on()


ENDS: dict[str, tuple[Story, RunProgress, Standing, str]] = {
    "zero": (ended(), DONE, Standing.ZERO, "no record that should have moved is left behind."),
    "left": (
        rechecked(ended(), left=30, problem="problem.late_arrivals"), DONE, Standing.LEFT,
        "30 records are left with Amit Kumar: the newest look found them, and they could not be moved.",
    ),
    "uncounted": (
        rechecked(ended(), problem="problem.not_authorised"), DONE, Standing.UNCOUNTED,
        "Whether anything is left with Amit Kumar is not certain: the newest look could not count everything.",
    ),
    "well again": (
        rechecked(rechecked(ended(), left=30), moved=30), DONE, Standing.ZERO,
        "no record that should have moved is left behind.",
    ),
    "signed": (
        signed_story().ended().closed().tell(Announced, by=ADA), DONE, Standing.EXCEPTIONS, "with signed exceptions.",
    ),
    "a part back": (
        given_back(), HALF, Standing.PART_BACK,
        "A part of the hand-over was undone: 178 of 1,408 records were given back to Amit Kumar.",
    ),
    "a part back, after a bad look": (
        given_back(after=rechecked(ended(), left=30)), HALF, Standing.PART_BACK,
        "178 of 1,408 records were given back to Amit Kumar.",
    ),
    "nothing left to give back": (
        given_back(0, others=178), DONE, Standing.ZERO, "no record that should have moved is left behind.",
    ),
    "handed on": (handed_on(), DONE, Standing.ZERO, "no record that should have moved is left behind."),
}  # fmt: skip


HEADLINES = {
    Standing.ZERO: "No record that should have moved is left with Amit Kumar.",
    Standing.EXCEPTIONS: "The hand-over of Amit Kumar's records is complete, except for what was signed.",
}


def posted(departure: Departure, progress: RunProgress) -> dict[str, Card]:
    english = replace(departure, lead=replace(TOMAS, language="en"))
    found = postings(english, progress, now=NOW, channels=(CHANNEL,))
    return {posting.key.removeprefix("dep-1:"): posting.card for posting in found}


def report(departure: Departure, progress: RunProgress, texts: Texts | None = None) -> str:
    totals = {
        Place("dep-1", each.system, each.module): Totals(
            {LedgerOutcome.MOVED: each.moved, LedgerOutcome.RETURNED: each.returned}, 0
        )
        for each in progress.modules
    }
    return report_html(Case(departure, (), totals), texts or Texts("en"))


@pytest.mark.parametrize("end", ENDS)
def test_all_say_the_same(end: str) -> None:
    story, progress, found, said = ENDS[end]
    assert standing(story.departure) is found
    cards = posted(story.departure, progress)
    told = [cards[f"closed:{CHANNEL.id}"].text, cards[f"closed:{ADA.email}"].text, report(story.departure, progress)]
    assert [text for text in told if said not in text] == []
    cards_with_title = [read(cards[f"{what}:{ADA.email}"]) for what in ("closed", "case")]
    assert [text for text in cards_with_title if HEADLINES.get(found, said) not in text] == []


@pytest.mark.parametrize("end", [end for end, (_, _, found, _) in ENDS.items() if found is not Standing.ZERO])
def test_nobody_reads_of_zero_where_that_is_not_so(end: str) -> None:
    story, progress, _, _ = ENDS[end]
    cards = posted(story.departure, progress)
    everything = " ".join(read(card) for key, card in cards.items() if key.startswith(("case:", "closed:")))
    everything += report(story.departure, progress)
    assert "o record that should have moved" not in everything
    assert "Both found zero" not in everything


@pytest.mark.parametrize(
    ("end", "tone"), [("zero", "good"), ("left", "exception"), ("uncounted", "exception"), ("a part back", "open")]
)
def test_the_colour_of_the_report_follows(end: str, tone: str) -> None:
    story, progress, _, _ = ENDS[end]
    assert f'<p class="verdict {tone}">' in report(story.departure, progress)


def test_a_signed_exception_without_a_number_is_one_all_the_same() -> None:
    departure = ended().departure
    steps = [replace(each, outcome=Outcome.SKIPPED) if n == 2 else each for n, each in enumerate(departure.steps)]
    assert standing(replace(departure, steps=tuple(steps))) is Standing.EXCEPTIONS


def test_a_departure_that_is_undone_says_how_much_went_back() -> None:
    departure = ended().undoing().undone().departure
    said = "The hand-over was undone: 1,408 of 1,408 records were given back to Amit Kumar."
    cards = posted(departure, ALL)
    assert said in read(cards[f"case:{ADA.email}"])
    assert said in read(cards[f"closed:{ADA.email}"])
    assert said in report(departure, ALL)


def test_it_is_said_in_german_too() -> None:
    german = Texts("de")
    assert "178 von 1.408 Datensätzen liegen wieder bei Amit Kumar." in report(given_back().departure, HALF, german)
    left = rechecked(ended(), left=1).departure
    assert "Bei Amit Kumar liegt noch 1 Datensatz" in report(left, DONE, german)


def test_before_the_end_there_is_no_verdict_on_the_case_card() -> None:
    assert "o record that should have moved" not in read(posted(handed_over().departure, DONE)[f"case:{ADA.email}"])
