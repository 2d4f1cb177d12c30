"""Who works at Brightwater: one roster for all vendors, so that a person is the same everywhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Mailbox(StrEnum):
    """How a person's mailbox is connected to the CRM: the states that the mail playbook must tell apart."""

    IMAP_PUBLIC = "imap_public"
    IMAP_PRIVATE = "imap_private"
    POP_PUBLIC = "pop_public"
    ZOHO_HOSTED = "zoho_hosted"
    NONE = "none"
    UNKNOWN = "unknown"  # the CRM does not say


@dataclass(frozen=True)
class Person:
    """One employee, past or present.

    `slack_id` and `crm_id` are None where the person has no account there. `reports_to` is a `key`.
    `crm_status` and `slack_deleted` tell former employees, whose records are ghosts from the first day.
    """

    key: str
    name: str
    title: str
    team: str
    reports_to: str | None
    slack_id: str | None
    crm_id: str | None
    mailbox: Mailbox = Mailbox.NONE
    language: str = "en-US"
    time_zone: str = "Europe/Berlin"
    crm_status: str = "active"  # the words of Zoho's GET /users: active, disabled, deleted
    crm_confirmed: bool = True
    crm_profile: str = "Standard"  # Standard, Service Standard (sees no leads), Administrator
    super_admin: bool = False
    slack_deleted: bool = False
    records: int = 0  # share of the company's records; leavers have a number of their own

    @property
    def email(self) -> str:
        return f"{self.key}@{DOMAIN}"

    @property
    def first_name(self) -> str:
        return self.name.rsplit(" ", 1)[0]

    @property
    def last_name(self) -> str:
        return self.name.rsplit(" ", 1)[-1]


COMPANY: Final = "Brightwater"
DOMAIN: Final = "brightwater.example"

_ZERO: Final = "5000000000000"


def _crm(number: int) -> str:
    return f"{_ZERO}{number:03d}"


ROSTER: Final[tuple[Person, ...]] = (
    Person("petra", "Petra Vogel", "Managing director", "Board", None, "U0PETRA", _crm(100),
           crm_profile="Administrator", super_admin=True, language="de-DE", records=300),
    Person("ada", "Ada Brandt", "CRM administrator", "Operations", "petra", "U0ADA", _crm(101),
           crm_profile="Administrator", records=20),
    Person("noor", "Noor Haddad", "IT administrator", "Operations", "petra", "U0NOOR", _crm(102),
           crm_profile="Administrator", records=5),
    Person("tomas", "Tomás Rivera", "Team leader Sales North", "Sales North", "petra", "U0TOMAS", _crm(103),
           time_zone="Europe/Madrid", records=900),
    Person("lena", "Lena Schubert", "Team leader Sales South", "Sales South", "petra", "U0LENA", _crm(104),
           language="de-DE", records=700),
    Person("marek", "Marek Nowak", "Team leader Service", "Service", "petra", "U0MAREK", _crm(105), records=400),
    # The leavers
    Person("amit", "Amit Kumar", "Account executive", "Sales North", "tomas", "U0AMIT", _crm(110),
           mailbox=Mailbox.IMAP_PUBLIC, records=5000),
    Person("julia", "Julia Weber", "Account executive", "Sales South", "lena", "U0JULIA", _crm(111),
           mailbox=Mailbox.IMAP_PRIVATE, language="de-DE", records=1200),
    Person("dmitri", "Dmitri Orlov", "Support engineer", "Service", "marek", "U0DMITRI", _crm(112),
           mailbox=Mailbox.POP_PUBLIC, records=400),
    Person("bianca", "Bianca Rossi", "Inside sales", "Sales North", "tomas", "U0BIANCA", _crm(113),
           mailbox=Mailbox.ZOHO_HOSTED, records=150),
    Person("owen", "Owen Price", "Trainee", "Service", "marek", "U0OWEN", _crm(114), mailbox=Mailbox.NONE, records=0),
    Person("yuki", "Yuki Tanaka", "Account executive", "Sales South", "lena", "U0YUKI", _crm(115),
           mailbox=Mailbox.UNKNOWN, time_zone="Asia/Tokyo", records=2600),
    # No Reporting_To: the other admins must approve. Already gone from Slack: cannot be mentioned any more.
    Person("karl", "Karl Meister", "Field sales", "Sales South", None, None, _crm(116), mailbox=Mailbox.POP_PUBLIC, records=250),
    # Colleagues
    Person("sofia", "Sofia Lindgren", "Account executive", "Sales North", "tomas", "U0SOFIA", _crm(120), records=1500),
    Person("ben", "Ben Carter", "Account executive", "Sales North", "tomas", "U0BEN", _crm(121), records=1300),
    Person("hanna", "Hanna Fischer", "Account executive", "Sales South", "lena", "U0HANNA", _crm(122), language="de-DE", records=1100),
    Person("raj", "Raj Patel", "Support engineer", "Service", "marek", "U0RAJ", _crm(123),
           crm_profile="Service Standard", records=600),
    Person("claire", "Claire Dubois", "Inside sales", "Sales South", "lena", "U0CLAIRE", _crm(124), time_zone="Europe/Paris", records=300),
    # Two people with one name: the command must ask which one
    Person("alex.kim", "Alex Kim", "Account executive", "Sales North", "tomas", "U0ALEXK", _crm(125), records=350),
    Person("alex.kim2", "Alex Kim", "Support engineer", "Service", "marek", "U0ALEXKK", _crm(126), records=120),
    # Invited, never confirmed: no valid successor
    Person("ines", "Inês Costa", "Account executive", "Sales North", "tomas", "U0INES", _crm(127), crm_confirmed=False),
    # In Slack only
    Person("gus", "Gus Ahlberg", "Office manager", "Operations", "petra", "U0GUS", None),
    # Former employees, whose records nobody took over
    Person("walter", "Walter Groß", "Account executive", "Sales South", "lena", "U0WALTER", _crm(130),
           crm_status="disabled", slack_deleted=True, records=180),
    Person("mei", "Mei Chen", "Account executive", "Sales North", "tomas", "U0MEI", _crm(131),
           crm_status="disabled", slack_deleted=True, records=75),
    Person("stan", "Stan Kowalski", "Support engineer", "Service", "marek", None, _crm(132), crm_status="deleted", records=40),
    # Two more leavers; whoever comes later in this list leaves everybody else's records as they were
    Person("vera", "Vera Santos", "Inside sales", "Sales North", "tomas", "U0VERA", _crm(117),
           mailbox=Mailbox.IMAP_PUBLIC, records=220),
    Person("hugo", "Hugo Maier", "Account executive", "Sales South", "lena", "U0HUGO", _crm(118),
           mailbox=Mailbox.IMAP_PUBLIC, language="de-DE", records=900),
)  # fmt: skip

BY_KEY: Final = {person.key: person for person in ROSTER}
LEAVERS: Final = ("amit", "julia", "dmitri", "bianca", "owen", "yuki", "karl", "vera", "hugo", "marek")
# The CRM user whose OAuth grant the bot uses: it can neither be deactivated nor deactivate itself.
INTEGRATION_USER: Final = "noor"
ADMINS: Final = ("ada", "noor")
LOG_CHANNEL: Final = "crm-offboarding-log"

# Who works in the other systems of the company too, and under which id.
PIPEDRIVE_IDS: Final[Mapping[str, int]] = {
    key: 13_000_100 + number
    for number, key in enumerate((
        "petra", "ada", "noor", "tomas", "lena", "amit", "julia", "bianca", "yuki", "sofia", "ben", "hanna", "claire",
        "ines", "walter", "mei",
    ))
}  # fmt: skip
SUITECRM_IDS: Final[Mapping[str, str]] = {
    key: f"5c1a7e0d-{number:04x}-4b7e-9d21-6f3a{number:08x}"
    for number, key in enumerate((
        "petra", "ada", "noor", "tomas", "lena", "marek", "amit", "julia", "dmitri", "sofia", "ben", "hanna", "raj",
        "walter", "stan",
    ), start=0x21)
}  # fmt: skip
SANGAM_IDS: Final[Mapping[str, str]] = {
    key: f"9e2b4c6a-{number:04x}-4f10-8a5d-2b7c{number:08x}"
    for number, key in enumerate(("petra", "ada", "noor", "lena", "hanna", "claire", "julia", "mei"), start=0x51)
}
# Where somebody's address in a system is not the one that they have elsewhere: (system, key).
OTHER_ADDRESSES: Final[Mapping[tuple[str, str], str]] = {
    ("suitecrm", "amit"): f"a.kumar@{DOMAIN}",
    ("suitecrm", "julia"): f"weber@{DOMAIN}",
}


def address_in(system: str, key: str) -> str:
    """The address under which a system knows somebody."""
    return OTHER_ADDRESSES.get((system, key), BY_KEY[key].email)
