"""What Pipedrive can do for a departure, and how.

There is no call that changes many owners, and none that keeps automation from running:
https://developers.pipedrive.com/docs/api/v1
"""

from collections.abc import Mapping
from typing import Final

from connectors.base import BY_API, Ability, Capability, Way

CAPABILITIES: Final[Mapping[Ability, Capability]] = {
    Ability.DISCOVER: BY_API,
    Ability.PLAN: BY_API,
    Ability.TAG: BY_API,
    Ability.TRANSFER: BY_API,
    Ability.QUIET: Capability(Way.IMPOSSIBLE, "ability.pipedrive.quiet"),
    Ability.CLOSE: BY_API,
    Ability.CONFIGURATION: Capability(Way.GUIDED, "ability.pipedrive.configuration"),
    Ability.DEACTIVATE: BY_API,
    Ability.REACTIVATE: BY_API,
    Ability.FREEZE: Capability(Way.IMPOSSIBLE, "ability.pipedrive.freeze"),
    Ability.VERIFY: BY_API,
    Ability.UNDO: BY_API,
    Ability.SEATS: Capability(Way.GUIDED, "ability.pipedrive.seats"),
    Ability.MAIL: BY_API,  # how many stand on persons; whose they are and when they came it does not tell
}
