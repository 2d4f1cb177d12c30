"""Who has a Slack account at Brightwater, and how the Web API describes them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from sandbox.people import ADMINS, BY_KEY, ROSTER, Person
from sandbox.slack.model import APP_ID, BOT_ID, BOT_USER, SLACKBOT, TEAM_ID, Json

MANAGER_FIELD: Final = "Xf0MANAGER"
TEAM_FIELD: Final = "Xf0TEAM"


@dataclass
class User:
    """An account. `name` is the handle, `manager` a user id; bots have neither e-mail address nor team."""

    id: str
    name: str
    real_name: str
    title: str = ""
    team: str = ""
    email: str | None = None
    locale: str = "en-US"
    time_zone: str = "UTC"
    manager: str | None = None
    first_name: str = ""
    last_name: str = ""
    deleted: bool = False
    bot: bool = False
    admin: bool = False
    owner: bool = False

    def profile(self, *, email: bool) -> Json:
        shown: Json = {
            "title": self.title,
            "real_name": self.real_name,
            "real_name_normalized": self.real_name,
            "display_name": self.name,
            "display_name_normalized": self.name,
            "first_name": self.first_name,
            "last_name": self.last_name,
            "phone": "",
            "status_text": "",
            "status_emoji": "",
            "avatar_hash": "",
            "team": TEAM_ID,
        }
        if self.bot:
            shown |= {"api_app_id": APP_ID, "bot_id": BOT_ID, "always_active": True}
        if email and self.email:
            shown["email"] = self.email
        return shown

    def json(self, *, email: bool = True, locale: bool = False) -> Json:
        """The user object of https://docs.slack.dev/reference/objects/user-object.

        A deactivated account has no time zone and no roles any more.
        """
        shown: Json = {
            "id": self.id,
            "team_id": TEAM_ID,
            "name": self.name,
            "deleted": self.deleted,
            "profile": self.profile(email=email),
            "is_bot": self.bot,
            "is_app_user": False,
            "updated": 0,
        }
        return shown if self.deleted else shown | self._roles() | ({"locale": self.locale} if locale else {})

    def _roles(self) -> Json:
        return {
            "real_name": self.real_name,
            "color": "4bbe2e",
            "tz": self.time_zone,
            "tz_label": self.time_zone,
            "tz_offset": _offset(ZoneInfo(self.time_zone) if self.time_zone != "UTC" else UTC),
            "is_admin": self.admin or self.owner,
            "is_owner": self.owner,
            "is_primary_owner": self.owner,
            "is_restricted": False,
            "is_ultra_restricted": False,
            "is_email_confirmed": not self.bot,
            "who_can_share_contact_card": "EVERYONE",
        }

    def fields(self) -> Json:
        """The custom profile fields that are filled in, by field id."""
        values = {MANAGER_FIELD: self.manager, TEAM_FIELD: self.team}
        return {field: {"value": value, "alt": ""} for field, value in values.items() if value}


def _offset(zone: tzinfo) -> int:
    offset = datetime.now(zone).utcoffset()
    return int(offset.total_seconds()) if offset else 0


def field_definitions() -> list[Json]:
    """What `team.profile.get` lists: the workspace's own fields. The manager is a field of type "user"."""
    rows = [(MANAGER_FIELD, "Manager", "manager", "user"), (TEAM_FIELD, "Team", "team", "text")]
    return [
        {
            "id": field_id,
            "ordering": ordering,
            "field_name": name,
            "label": label,
            "hint": "",
            "type": kind,
            "possible_values": None,
            "options": {"is_scim": False, "is_protected": False},
            "is_hidden": False,
            "section_id": "Se0ABOUT",
        }
        for ordering, (field_id, label, name, kind) in enumerate(rows)
    ]


def everybody() -> dict[str, User]:
    """All accounts by id: the roster's, the bot's and Slackbot's, former employees included."""
    people = [_user(person) for person in ROSTER if person.slack_id]
    # Slackbot is the one bot whose `is_bot` is false.
    bots = [User(BOT_USER, "offboard", "Offboard", bot=True), User(SLACKBOT, "slackbot", "Slackbot")]
    return {user.id: user for user in [*people, *bots]}


def _user(person: Person) -> User:
    manager = BY_KEY[person.reports_to].slack_id if person.reports_to else None
    return User(
        id=str(person.slack_id),
        name=person.key,
        real_name=person.name,
        title=person.title,
        team=person.team,
        email=person.email,
        locale=person.language,
        time_zone=person.time_zone,
        manager=manager,
        first_name=person.first_name,
        last_name=person.last_name,
        deleted=person.slack_deleted,
        admin=person.key in ADMINS,
        owner=person.super_admin,
    )


def found(users: Iterable[User], query: str) -> list[User]:
    """The people whom the client offers after `@`: active ones whose handle or a name begins with `query`."""
    wanted = query.removeprefix("@").casefold()
    return [user for user in users if not user.deleted and not user.bot and _matches(user, wanted)]


def _matches(user: User, wanted: str) -> bool:
    words = (user.name, user.real_name, *user.real_name.split())
    return user.id != SLACKBOT and any(word.casefold().startswith(wanted) for word in words)
