"""How each ability can be had in Sangam CRM, and what work costs there."""

from collections.abc import Mapping
from typing import Final

from connectors.base import BY_API, Ability, Capability, Limits, Price, Way, Work
from connectors.sangam import records

# The API does not reach these; people do.
_GUIDED: Final = (
    Ability.CONFIGURATION, Ability.DEACTIVATE, Ability.REACTIVATE, Ability.VERIFY, Ability.SEATS,
)  # fmt: skip
_IMPOSSIBLE: Final = (Ability.QUIET, Ability.FREEZE, Ability.MAIL)
_WRITTEN: Final = (Ability.TAG, Ability.TRANSFER, Ability.UNDO, Ability.CLOSE)
# At two calls a second, a batch of writes takes ten seconds.
LIMITS: Final = Limits(read=5000, write=20, tag=1, update=20, look=1000)
# The successor's account, twice, three lists for the work-list, and the leaver's account.
_ONCE: Final = 6
_PROOF: Final = 2  # what the receiver of the first record had before, and has then


def capabilities(*, users_readable: bool, writes: bool) -> Mapping[Ability, Capability]:
    ways = dict.fromkeys(Ability, Way.API) | dict.fromkeys(_GUIDED, Way.GUIDED)
    ways |= dict.fromkeys(_IMPOSSIBLE, Way.IMPOSSIBLE)
    if not users_readable:
        ways[Ability.DISCOVER] = Way.GUIDED
    if not writes:
        ways |= dict.fromkeys(_WRITTEN, Way.GUIDED)
    return {
        ability: BY_API if way is Way.API else Capability(way, f"ability.sangam.{ability}")
        for ability, way in ways.items()
    }


def price(work: Work, number: int, *, writes: bool) -> Price:
    """Calls are all that it costs: no allowance is known. Probing, once an hour, is not among them."""
    calls = _calls(work, number, writes=writes)
    return Price(calls, calls)


def _calls(work: Work, number: int, *, writes: bool) -> int:
    match work:
        case Work.READ | Work.COUNT | Work.LOOK:
            return records.calls_of_reading(number)
        case Work.MOVE if writes:
            return number + records.calls_of_looking_up(number)
        case Work.UPDATE if writes:  # what they say now is looked up before
            return number + 2 * records.calls_of_looking_up(number)
        case Work.ONCE:
            return _ONCE + (_PROOF if writes else 0)
        case _:
            return 0
