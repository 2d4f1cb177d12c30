"""Plays a whole departure without a browser: types the command, presses the buttons, prints what is said."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, Final

from sandbox.cliq.hall import LOG_CHANNEL_NAME
from sandbox.faults import Fault, part_of
from sandbox.outcome import Outcome
from sandbox.people import BY_KEY, Person
from sandbox.player import REFERENCE, Player, Stuck, say
from sandbox.plays import PLAYS
from sandbox.town import Town
from sandbox.vendor import Vendor

_PATIENCE: Final = 600.0  # seconds without anything new before the script gives up
_QUIET: Final = 3.0  # seconds without a new message, after which the play is over
_LAST_WORDS: Final = "departure is closed"
_UNDONE: Final = " are back with "
_HANDED_ON: Final = "or they went on"


async def play(
    town: Town, leaver_key: str, *, surface: str = "slack", kill: bool = False, revoked: Iterable[str] = ()
) -> int:
    """Play the departure of one leaver. 0 only when all has ended as it should, by the CRMs' own tables.

    `kill` ends the service in the middle of the transfer. `revoked` are systems that refuse the bot once the first
    records have moved there, until the others are through and a person mends it.
    """
    leaver = BY_KEY[leaver_key]
    say(f"The case: {PLAYS[leaver_key].about}.")
    if len(town.systems) > 1:
        say(f"Systems: {', '.join(vendor.label for vendor in town.systems.values())}")
    outcome = Outcome(town, leaver)
    player = Player(town, leaver, surface)
    began = time.monotonic()
    troubles: list[Coroutine[Any, Any, None]] = [_revoke_in_mid_run(town, player, system) for system in revoked]
    troubles += [_kill_in_mid_run(town)] if kill else []
    trouble = [asyncio.create_task(each) for each in troubles]
    ended = False
    try:
        await player.begin()
        await _play_on(town, player, lambda: _closed(town))
        ended = await _afterwards(town, player, leaver)
    except Stuck as error:
        say(f"The departure does not go on: {error}.")
    finally:
        for task in trouble:
            task.cancel()
    return _verdict(town, outcome, player, ended=ended, seconds=time.monotonic() - began)


async def _afterwards(town: Town, player: Player, leaver: Person) -> bool:
    """What is done once all is closed."""
    if PLAYS[leaver.key].afterwards == "undo":
        await player.undo()
        await _play_on(town, player, lambda: player.said(_UNDONE))
    elif PLAYS[leaver.key].afterwards == "hand on":
        await _play_on(town, player, lambda: player.said(_HANDED_ON))
    return True


async def _play_on(town: Town, player: Player, ended: Callable[[], bool]) -> None:
    last = time.monotonic()
    while not ended():
        versions = town.workspace.version, town.hall.version
        if await player.look():
            last = time.monotonic()
        elif time.monotonic() - last > _PATIENCE:
            raise Stuck(f"nothing happened for {_PATIENCE:.0f} seconds")
        else:
            await _change(town, versions)
    quiet = time.monotonic()
    while time.monotonic() - quiet < _QUIET:  # the last messages and edits still arrive
        if await player.look():
            quiet = time.monotonic()
        await asyncio.sleep(0.2)


async def _change(town: Town, versions: tuple[int, int]) -> None:
    """Wait a second at most until something is new in either chat product."""
    waits = [
        asyncio.ensure_future(town.workspace.wait_for_change(versions[0], 1.0)),
        asyncio.ensure_future(town.hall.wait_for_change(versions[1], 1.0)),
    ]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()


def _closed(town: Town) -> bool:
    """Whether the departure's last words stand in a log channel."""
    log = town.hall.channel(LOG_CHANNEL_NAME).messages.values()
    return any(":closed:" in key for key in _slack_keys(town)) or any(_LAST_WORDS in message.text for message in log)


def _slack_keys(town: Town) -> list[str]:
    keys = (((m.metadata or {}).get("event_payload") or {}).get("key") for m in town.workspace.transcript())
    return [key for key in keys if key]


def _cliq_keys(town: Town) -> list[str]:
    found = (REFERENCE.search(message.text) for message in town.hall.transcript())
    return [match[1] for match in found if match]


async def _kill_in_mid_run(town: Town) -> None:
    """kill -9 the service as soon as the first records have changed hands, and start it again."""
    await _first_change(town.systems.values())
    if town.service:
        await town.service.kill()
        say("  * kill -9: the service is dead in the middle of the transfer; it starts again")
        await town.service.start()


async def _revoke_in_mid_run(town: Town, player: Player, system: str) -> None:
    """Take the bot's grant away as soon as the first records have changed hands there."""
    vendor = town.systems[system]
    await _first_change([vendor])
    town.faults[part_of(system)].switch(Fault.REVOKED, on=True)
    player.hindered.add(system)
    say(f"  * in {vendor.label}, somebody takes the bot's grant back in the middle of the transfer")


async def _first_change(vendors: Iterable[Vendor]) -> None:
    watched = [(vendor, len(vendor.recent_changes)) for vendor in vendors]
    while all(len(vendor.recent_changes) == before for vendor, before in watched):  # noqa: ASYNC110 - no event tells
        await asyncio.sleep(0.01)


def _verdict(town: Town, outcome: Outcome, player: Player, *, ended: bool, seconds: float) -> int:
    doubles = sum(len(keys) - len(set(keys)) for keys in (_slack_keys(town), _cliq_keys(town)))
    say("")
    for vendor, faults in town.faults.items():
        for fault in Fault:
            if faults.struck[fault]:
                say(f"Met and overcome: {fault.value} at {vendor}, {faults.struck[fault]} times")
    say(f"Exchanges on the wire: {town.wire.count}; seconds: {seconds:.1f}")
    for line in outcome.lines():
        say(line)
    say(f"Messages posted twice: {doubles}")
    good = ended and not doubles and outcome.good(signed=player.signed)
    say(f"VERDICT: {outcome.praise(signed=player.signed)}" if good else "VERDICT: not clean.")
    return 0 if good else 1
