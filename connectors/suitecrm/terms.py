"""How each ability can be had in SuiteCRM, and what work costs there."""

from collections.abc import Mapping
from math import ceil
from types import MappingProxyType
from typing import Final

from connectors.base import BY_API, Ability, Capability, Limits, Price, Way, Work
from connectors.suitecrm.api import PAGE
from connectors.suitecrm.modules import STANDARD, Metadata
from connectors.suitecrm.phases import Endless
from connectors.suitecrm.records import calls_of_reading

_NOT_BY_API: Final = {
    Ability.QUIET: Capability(Way.IMPOSSIBLE, "ability.suitecrm.quiet"),
    Ability.CONFIGURATION: Capability(Way.GUIDED, "ability.suitecrm.configuration"),
    Ability.FREEZE: Capability(Way.IMPOSSIBLE, "ability.suitecrm.freeze"),
    Ability.SEATS: Capability(Way.IMPOSSIBLE, "ability.suitecrm.seats"),
}
CAPABILITIES: Final[Mapping[Ability, Capability]] = MappingProxyType(
    {ability: _NOT_BY_API.get(ability, BY_API) for ability in Ability}
)
_WRITES: Final = 100
_LOOK: Final = 2000
LIMITS: Final = Limits(read=PAGE, write=_WRITES, tag=_WRITES, update=_WRITES, look=_LOOK)
# Account and fitness of the successor, the mails of a sample of ten before and after, the work-list, what names the
# leaver, and the log-in with the proof that it is gone.
_ONCE: Final = 51


def price(work: Work, module: str, number: int, known: Metadata | None) -> Price:
    """Calls are all that it costs: SuiteCRM has no allowance.

    Not among them: reading the modules' metadata, once an hour; the pages of closed records that lie between open ones;
    and that records which are asked for by id are read one by one where many of others lie between them.
    """
    calls = _calls(work, module, number, known)
    return Price(calls, calls)


def _calls(work: Work, module: str, number: int, known: Metadata | None) -> int:
    spec = known.covered.get(module) if known else None
    match work:
        case Work.READ | Work.RECOUNT:
            return calls_of_reading(number)
        case Work.LOOK:
            return ceil(number / _LOOK)
        case Work.MOVE:  # each record, and for each batch which of them have a tag already
            return number + (ceil(number / _WRITES) if spec is None or spec.takes_tags else 0)
        case Work.UPDATE:  # each record, and for each batch what they say now
            return number + ceil(number / _WRITES)
        case Work.COUNT:
            standard = STANDARD[module].phase if module in STANDARD else Endless()
            return 1 + len((spec.phase if spec else standard).counts)
        case Work.ONCE:
            return _ONCE
        case Work.TAG | Work.MOVE_QUIETLY:
            return 0
