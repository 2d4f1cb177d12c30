"""The parts of README.md and docs/ that are made from the code, each between `<!-- name -->` and `<!-- /name -->`.

Run as a script (`make docs`) it writes them anew; `test_docs.py` fails while one of them is out of date.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

import click
import policy_parts
import surface_parts
import system_parts
from pydantic_core import PydanticUndefined

from bot.__main__ import main
from bot.settings import PREFIX, Settings
from connectors.base import Category, Module
from connectors.zoho import checks
from connectors.zoho.modules import STANDARD
from handlers.departure import FINAL_STATES, RETURNING, TRANSITIONS, State
from handlers.events import Event, GivenUp, Interrupted
from handlers.practice import Practice
from handlers.rules import rule_for
from handlers.texts import Texts, catalogue
from manifests import cliq, slack
from sandbox.people import BY_KEY
from sandbox.plays import PLAYS

ROOT: Final = Path(__file__).parents[2]
README: Final = ROOT / "README.md"


def documents() -> list[Path]:
    """Everything that people read."""
    return [*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/**/*.md"))]


def states() -> Iterator[str]:
    """The transition table as a mermaid diagram, row by row, without what leaves a state as it is."""
    yield from ("```mermaid", "stateDiagram-v2", f"    [*] --> {State.PLANNING}: opened")
    for source, row in TRANSITIONS.items():
        for event, target in row.items():
            for reached in [target] if target else _where_work_stops(event):
                if reached is not source:
                    yield f"    {source} --> {reached}: {_name(event)}"
    yield from (f"    {state} --> [*]" for state in TRANSITIONS if state in FINAL_STATES)
    yield "```"


def _where_work_stops(event: type[Event]) -> list[State]:
    """Attention leads back to where the problem arose."""
    given_up = event is GivenUp
    return [s for s, row in TRANSITIONS.items() if Interrupted in row and (s in RETURNING or not given_up)]


def _name(event: type[Event]) -> str:
    return event.type


def rules() -> Iterator[str]:
    """What moves, by rule: the sentence is the one that the approver reads."""
    texts = Texts("en")
    rows = [
        (category.value, ", ".join(_labels(category)), texts.t(rule.reason).replace("\n", " "))
        for category in Category
        for rule in [rule_for(Module("", "", category), Practice())]
    ]
    yield from table(("Kind", "Modules of Zoho CRM", "Rule"), rows)


def _labels(category: Category) -> list[str]:
    names = [name.replace("_", " ") for name, module in STANDARD.items() if module.category is category]
    return [*names, "modules of your own"] if category is Category.MASTER else names


def commands() -> Iterator[str]:
    """Every command of `offboard` with its first line of help and its options."""
    rows = []
    for name, command in _tree("offboard", main):
        options = " ".join(f"`{parameter.opts[0]}`" for parameter in command.params)
        rows.append((f"`{name}`", (command.help or "").strip().splitlines()[0], options))
    yield from table(("Command", "What it does", "Options"), rows)


def _tree(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    if not isinstance(command, click.Group):
        yield name, command
        return
    for each in command.commands.values():
        yield from _tree(f"{name} {each.name}", each)


def typed() -> Iterator[str]:
    """What can be typed in chat, in the words of the bot's own help."""
    texts = Texts("en")
    keys = [key.removesuffix(".typed") for key in catalogue() if re.fullmatch(r"help\.\w+\.typed", key)]
    rows = [(f"`{texts.t(f'{key}.typed')}`", texts.t(f"{key}.does")) for key in keys]
    yield from table(("Typed", "What it does"), rows)


def leavers() -> Iterator[str]:
    """Whose departures the demo can play, and what each is about."""
    rows = [(f"`{key}`", BY_KEY[key].name, play.about) for key, play in PLAYS.items()]
    yield from table(("`--leaver`", "Who", "What the case shows"), rows)


def settings() -> Iterator[str]:
    """Every setting, in the order in which an operator fills them in."""
    rows = []
    for name, field in Settings.model_fields.items():
        if field.default is PydanticUndefined:
            default = "**required**"
        elif field.default is None:
            default = ""
        else:
            default = f"`{str(field.default).lower() if isinstance(field.default, bool) else field.default}`"
        rows.append((f"`{PREFIX}{name.upper()}`", default, field.description or ""))
    yield from table(("Setting", "Default", "Meaning"), rows)


def policy() -> Iterator[str]:
    """Every key of the policy file, as its own comments explain it."""
    yield from table(("Key", "As it comes", "Meaning"), policy_parts.rows())


def zoho_scopes() -> Iterator[str]:
    """On one line, separated by commas, as Zoho's console takes them."""
    yield from ("```text", ",".join(checks.SCOPES), "```")


def slack_scopes() -> Iterator[str]:
    yield from _scopes(slack.SCOPES)


def cliq_scopes() -> Iterator[str]:
    yield from _scopes(cliq.SCOPES)


def cliq_scopes_line() -> Iterator[str]:
    yield from ("```text", ",".join(cliq.SCOPES), "```")


def _scopes(scopes: Mapping[str, str]) -> Iterator[str]:
    yield from table(("Scope", "What it is for"), [(f"`{name}`", why) for name, why in scopes.items()])


def _rows(rows: Callable[[], Iterator[tuple[str, ...]]]) -> Callable[[], Iterator[str]]:
    def part() -> Iterator[str]:
        header, *others = rows()
        yield from table(header, others)

    return part


def table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield _row(header)
    yield _row(("---",) * len(header))
    yield from map(_row, rows)


def _row(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


PARTS: Final[dict[str, Callable[[], Iterator[str]]]] = {
    "states": states,
    "rules": rules,
    "typed": typed,
    "commands": commands,
    "leavers": leavers,
    "settings": settings,
    "policy": policy,
    "zoho-scopes": zoho_scopes,
    "slack-scopes": slack_scopes,
    "cliq-scopes": cliq_scopes,
    "cliq-scopes-line": cliq_scopes_line,
    "surface-elements": _rows(surface_parts.elements),
    "surface-buttons": _rows(surface_parts.buttons),
    "surface-forms": _rows(surface_parts.forms),
    "surface-cards": _rows(surface_parts.cards),
    "systems": _rows(system_parts.systems),
    "system-reasons": _rows(system_parts.reasons),
    "system-prices": _rows(system_parts.prices),
    "grades": _rows(system_parts.grades),
    "grade-reasons": _rows(system_parts.grade_reasons),
}


def written(text: str, part: str) -> str | None:
    """What stands between the markers of a part; None where there are none."""
    found = _between(part).search(text)
    return found["inside"] if found else None


def made(part: str) -> str:
    return "\n".join(PARTS[part]()) + "\n"


def _between(part: str) -> re.Pattern[str]:
    return re.compile(rf"(?<=<!-- {part} -->\n)(?P<inside>.*?)(?=<!-- /{part} -->)", re.DOTALL)


def renew(text: str) -> str:
    for part in PARTS:
        old = written(text, part)
        if old is not None:
            text = text.replace(f"<!-- {part} -->\n{old}", f"<!-- {part} -->\n{made(part)}")
    return text


if __name__ == "__main__":
    for document in documents():
        document.write_text(renew(document.read_text(encoding="utf-8")), encoding="utf-8")
