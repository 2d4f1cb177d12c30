"""The `offboard` command."""

import asyncio
import os
import socket
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from bot.settings import PREFIX, InvalidSettings, Settings, load_settings, policy_file, reading_settings

if TYPE_CHECKING:
    from bot.store.database import Database

T = TypeVar("T")


@click.group(help="Hands over a leaver's CRM records and proves that nothing is left behind.")
def main() -> None:
    pass


def _settings() -> Settings:
    from handlers.practice import InvalidPractice, load_practice

    try:
        settings = load_settings()
        load_practice(settings.policy_file)
    except InvalidSettings as error:
        click.echo(f"Offboard cannot start. Set these in the environment or in a file .env:\n\n{error}", err=True)
        sys.exit(2)
    except InvalidPractice as error:
        click.echo(f"Offboard cannot start. Correct this in {settings.policy_file}:\n\n{error}", err=True)
        sys.exit(2)
    return settings


@main.command()
def serve() -> None:
    """Run the service."""
    from bot import app
    from bot.store.database import DatabaseInUse, DatabaseUnusable
    from bot.telemetry import configure_logging

    settings = _settings()
    configure_logging(settings.log_level)
    with _listener(settings.host, settings.port) as listener:
        try:
            asyncio.run(app.serve(settings, listener))
        except (DatabaseInUse, DatabaseUnusable) as error:
            click.echo(str(error), err=True)
            sys.exit(3)


def _listener(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        click.echo(
            f"Offboard cannot listen on {host}, port {port}: {reason}. "
            f"Set {PREFIX}HOST and {PREFIX}PORT to an address of this machine and a port that is free.",
            err=True,
        )
        sys.exit(4)


@main.command()
def doctor() -> None:
    """Check settings, tokens, scopes and connected systems, and say what to do about each fault."""
    from bot.app import run_checks
    from bot.telemetry import configure_logging

    settings = _settings()
    configure_logging("error")  # unconfigured, every call to a vendor would be printed among the findings
    checks = asyncio.run(run_checks(settings))
    for check in checks:
        click.echo(f"{'ok   ' if check.passed else 'FAULT'} {check.name}: {check.found}")
        if not check.passed and check.advice:
            click.echo(f"      {check.advice}")
    sys.exit(0 if all(check.passed for check in checks) else 1)


@main.command()
def policy() -> None:
    """Print the rules of the house that are in use, with what each means: a file to start from."""
    from handlers.practice import InvalidPractice, load_practice, practice_text

    path = policy_file()
    try:
        load_practice(path)
        click.echo(practice_text(path), nl=False)
    except InvalidPractice as error:
        click.echo(f"{path} {error}. {PREFIX}POLICY_FILE names it.", err=True)
        sys.exit(2)


@main.command()
@click.argument("subject", metavar="NUMBER|EMAIL")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), default=Path(), help="Where the files go.")
@click.option("--language", type=click.Choice(["en", "de"]), help=f"Of the report; left out: {PREFIX}LANGUAGE.")
def export(subject: str, out: Path, language: str | None) -> None:
    """Write the report of a departure (HTML) and its ledger (CSV), by its number or the leaver's newest."""
    from bot import export
    from handlers.texts import Texts

    settings = _to_read()
    texts = Texts(language or settings.language, settings.time_zone)
    for file in _read(settings, lambda database: export.export(database, subject, out, texts)):
        click.echo(file)


@main.command()
def departures() -> None:
    """List all departures: number, leaver, state, when opened and when closed."""
    from bot import export

    settings = _to_read()
    click.echo(_read(settings, lambda database: export.listing(database, settings.time_zone)))


@main.group()
def audit() -> None:
    """Prove that nobody has changed what was decided."""


@audit.command("verify")
@click.argument("subject", metavar="[NUMBER|EMAIL]", required=False)
@click.option("--pinned", metavar="HASH", help="A hash that was kept elsewhere, to be found in this trail.")
def audit_verify(subject: str | None, pinned: str | None) -> None:
    """Check the hash chain of one departure's audit trail, or of all; exit code 1 where one is broken."""
    from bot import export

    if pinned and subject is None:
        raise click.UsageError("--pinned needs the departure whose trail the hash is from.")
    proofs = _read(_to_read(), lambda database: export.verify(database, subject, pinned=pinned))
    for proof in proofs:
        click.echo(proof.said)
    click.echo(f"{sum(proof.whole for proof in proofs)} of {len(proofs)} audit trails are whole.")
    sys.exit(0 if all(proof.whole for proof in proofs) else 1)


def _to_read() -> Settings:
    """An auditor has the database, and none of the secrets that the service needs."""
    try:
        return reading_settings()
    except InvalidSettings as error:
        click.echo(f"Set these in the environment or in a file .env:\n\n{error}", err=True)
        sys.exit(2)


def _read(settings: Settings, work: "Callable[[Database], Awaitable[T]]") -> T:
    """Look into the store, beside a running service as well."""
    from bot.export import NotThere, reading

    async def look() -> T:
        async with reading(settings.database_url) as database:
            return await work(database)

    try:
        return asyncio.run(look())
    except NotThere as error:
        click.echo(str(error), err=True)
        sys.exit(3)


@main.group()
def manifest() -> None:
    """Print what is to be installed in a chat product."""


@manifest.command("slack")
@click.option("--url", help="The public https address of the service; leave it out for Socket Mode.")
def manifest_slack(url: str | None) -> None:
    """Print the Slack app manifest, to be pasted at https://api.slack.com/apps."""
    from manifests.slack import text

    try:
        click.echo(text(url), nl=False)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--url") from error


@manifest.command("cliq")
@click.option("--url", required=True, help="The public https address of the service.")
def manifest_cliq(url: str) -> None:
    """Print the components that Zoho Cliq gets, to be read; `offboard install cliq` registers them."""
    from manifests.cliq import text

    try:
        click.echo(text(url), nl=False)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--url") from error


@main.group()
def install() -> None:
    """Register Offboard in a chat product that lets a program do it."""


@install.command("cliq")
@click.option("--url", help=f"The public https address of the service; left out: {PREFIX}PUBLIC_URL.")
@click.option("--yes", is_flag=True, help="Change what differs without asking.")
def install_cliq(url: str | None, *, yes: bool) -> None:
    """Register command, bot and functions in Zoho Cliq, or bring them up to date."""
    from bot import installation
    from bot.telemetry import configure_logging

    settings = _settings()
    configure_logging("error")
    url = url or settings.public_url
    if url is None:
        raise click.UsageError(f"Give --url, or set {PREFIX}PUBLIC_URL.")
    try:
        wanted = installation.wanted_components(settings, url)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    console = installation.Console(click.echo, lambda question: yes or click.confirm(question))
    sys.exit(0 if asyncio.run(installation.install_cliq(settings, wanted, console)) else 1)


def _listed(_context: click.Context, _option: click.Parameter, value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())


@main.command()
@click.option(
    "--port", type=click.IntRange(1, 65535), default=8484, show_default=True, help="The one port of page and bot."
)
@click.option("--leaver", default="amit", show_default=True, help="Whose departure the case is about.")
@click.option(
    "--systems",
    default="zoho_crm",
    show_default=True,
    callback=_listed,
    help="The connected CRMs: zoho_crm, pipedrive, suitecrm, sangam; several with commas between.",
)
@click.option("--records", type=click.IntRange(min=0), help="How many records the leaver owns in each.")
@click.option("--seed", default=7, show_default=True, help="Another seed makes another company.")
@click.option("--fault", "faults", multiple=True, help="Switch a fault on: latency, or pipedrive:revoked; repeatable.")
@click.option(
    "--wire", type=click.Path(path_type=Path, dir_okay=False), help="Write every HTTP exchange as JSON lines."
)
@click.option("--script", is_flag=True, help="Play a whole departure without a browser, print it, and end.")
@click.option("--surface", default="both", show_default=True, help="Where people are: slack, cliq or both.")
@click.option("--socket-mode", is_flag=True, help="Let the bot reach Slack by Socket Mode instead of HTTP.")
def demo(**options: object) -> None:
    """Start the service in a town of simulated vendors; nothing outside this machine is touched."""
    from sandbox.demo import DemoOptions, run_demo

    try:
        case = DemoOptions(argv=(sys.executable, "-m", "bot", "serve"), environment=_town_settings, **options)  # type: ignore[arg-type]
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    sys.exit(asyncio.run(run_demo(case)))


def _town_settings(addresses: dict[str, str]) -> dict[str, str]:
    """The service's settings in the town: what the town names by a setting's name, and what follows from the rest."""
    direct = {name: value for name, value in addresses.items() if name not in ("storage", "public_url")}
    values = direct | {
        "database_url": f"sqlite:///{addresses['storage']}/offboard.sqlite3",
        "time_zone": "Europe/Berlin",
        "public_url": f"{addresses['public_url']}/bot",
        # A person watches: pauses are short.
        "patience_seconds": "0.7",
        "http_pause_seconds": "0.2",
        "tries": "20",
        "cliq_lock_seconds": "2",
    }
    if "sangam_url" in addresses:
        values["sangam_requests_per_second"] = "50"
    return {PREFIX + name.upper(): value for name, value in values.items()}


if __name__ == "__main__":
    main()
