"""What a chat product told about people, kept for some minutes."""

from collections.abc import Callable
from typing import Final, Generic, TypeVar

_FRESH_SECONDS: Final = 300.0
_Value = TypeVar("_Value")


class Remembered(Generic[_Value]):
    """Values by key, each kept for some minutes. `clock` is monotonic, in seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._kept: dict[str, tuple[float, _Value]] = {}

    def __contains__(self, key: str) -> bool:
        return key in self._kept and self._clock() - self._kept[key][0] < _FRESH_SECONDS

    def __getitem__(self, key: str) -> _Value:
        return self._kept[key][1]

    def __setitem__(self, key: str, value: _Value) -> None:
        now = self._clock()
        self._kept = {k: kept for k, kept in self._kept.items() if now - kept[0] < _FRESH_SECONDS}
        self._kept[key] = (now, value)
