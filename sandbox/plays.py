"""How the script plays each leaver's departure: what is typed, chosen and done by hand, and how it should end.

Each leaver stands for a rule, a state of the mailbox or a hazard that real departures meet.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from sandbox.people import Mailbox


@dataclass(frozen=True)
class Play:
    """`about` says what the case shows. `typed` stands behind the person in the command; `later` is typed once the
    departure waits for its date. `choices` are given in forms, by field.

    By hand, in the CRM: the mailbox is found to be, or made, what `mailbox` says before it is confirmed; the mails are
    backed up before that is confirmed, or only when the bot has found them missing (`forgets`). `drift` records are
    given to the leaver between plan and approval. `signs`: what is refused for good is signed for. `afterwards` is
    what is done once all is closed: "undo", "hand on". `elsewhere` has, by system, a successor who is another there.
    """

    about: str
    typed: str = ""
    later: str = ""
    successor: str = "sofia"
    choices: Mapping[str, str] = field(default_factory=dict)
    mailbox: Mailbox | None = None
    forgets: bool = False
    drift: int = 0
    signs: bool = False
    afterwards: str = ""
    elsewhere: Mapping[str, str] = field(default_factory=dict)


_PUBLIC: Final = {"sharing": "public"}

PLAYS: Final[Mapping[str, Play]] = {
    "amit": Play(
        "IMAP mailbox, rules and views that name the leaver",
        choices={**_PUBLIC, "kind": "imap"},
        elsewhere={"suitecrm": "ben"},
    ),
    "julia": Play(
        "a private mailbox, which would lose every e-mail: the bot refuses until it is shared",
        successor="hanna",
        choices={"sharing": "private"},
        mailbox=Mailbox.IMAP_PUBLIC,
    ),
    "dmitri": Play(
        "POP mailbox; the backup is forgotten, the missing e-mails are found and come back",
        choices={**_PUBLIC, "kind": "pop", "method": "pop"},
        forgets=True,
    ),
    "bianca": Play(
        "mailbox hosted by Zoho; announced for a date, then brought forward",
        typed=" on 2099-12-31 18:00",
        later="/offboard reschedule {leaver} now",
        choices={**_PUBLIC, "kind": "zoho"},
    ),
    "owen": Play(
        "no mailbox, little owned; an emergency, locked out first",
        typed=" now",
        choices={"kind": "none", "method": "nothing"},
    ),
    "yuki": Play(
        "a mailbox of unknown kind, records that stay locked: somebody signs for them",
        successor="hanna",
        choices={**_PUBLIC, "kind": "pop", "method": "pop"},
        mailbox=Mailbox.POP_PUBLIC,
        signs=True,
    ),
    "karl": Play(
        "no team leader, so the other administrator approves; afterwards all is undone",
        choices={**_PUBLIC, "kind": "pop", "method": "pop"},
        afterwards="undo",
    ),
    "vera": Play(
        "records that nobody has followed up are closed as dead; automation is kept quiet",
        choices={**_PUBLIC, "kind": "imap", "stale": "close", "quiet": "yes"},
    ),
    "hugo": Play(
        "several successors; colleagues change so much meanwhile that the plan is approved anew",
        successor="lena",
        choices={
            **_PUBLIC,
            "kind": "imap",
            "others": "Leads 40 %: ben@brightwater.example; Quotes: sofia@brightwater.example",
        },
        drift=12,
    ),
    "marek": Play(
        "a team leader: direct reports get a new manager; an interim successor hands on to the real one",
        choices={"kind": "none", "method": "nothing", "interim": "yes"},
        afterwards="hand on",
    ),
}
