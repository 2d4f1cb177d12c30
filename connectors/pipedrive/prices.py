"""What work takes: calls, and the tokens that these cost.

One call for each record that moves: there is no call for many. A read takes one for five hundred records, a look one
for a hundred; where a list cannot be asked for ids, or for an owner, it is read whole, and its length is known from the
last time.
"""

from dataclasses import dataclass
from math import ceil
from typing import Final

from connectors.base import Price, Work
from connectors.pipedrive import agenda
from connectors.pipedrive.api import BY_IDS, PAGE, V1, V2
from connectors.pipedrive.budget import tokens_of
from connectors.pipedrive.counts import SUMMARY, due, proving, summed_up
from connectors.pipedrive.labels import label_calls
from connectors.pipedrive.lists import Lists
from connectors.pipedrive.modules import SPECS, Spec

_ITEM: Final = "/1"


@dataclass(frozen=True)
class Prices:
    """`block` is how many records one change of fields takes."""

    lists: Lists
    block: int

    def once(self) -> Price:
        """The successor's account and fitness; the leaver's account, three calls that deactivate; agenda and mails; for
        each record type that has labels one look at them, and one call that adds the tag."""
        made = [
            *[("GET", f"{V1}/users{_ITEM}")] * (2 + 1 + 2),
            ("PUT", f"{V1}/users{_ITEM}"),
            *[("GET", f"{V2}/persons")] * (agenda.CALLS + 2),
            *(call for spec in SPECS if spec.labelled for call in label_calls(spec)),
        ]
        return Price(len(made), sum(tokens_of(method, path) for method, path in made))

    def of(self, work: Work, spec: Spec, records: int) -> Price:
        """When all goes well, of the part of a module that has to move."""
        match work:
            case Work.READ | Work.COUNT:
                return self._listed(spec, self._pages(spec, records))
            case Work.LOOK:
                return self._looked(spec, records)
            case Work.MOVE | Work.MOVE_QUIETLY:
                return Price(records, records * tokens_of("PATCH", spec.path + _ITEM))
            case Work.UPDATE:
                return self._updated(spec, records)
            case Work.RECOUNT:
                return self._recounted(spec, records)
            case _:
                return Price(0, 0)

    def _pages(self, spec: Spec, records: int) -> int:
        """Of the owner's own list, or of everybody's where it cannot be asked for an owner."""
        if spec.asks_owner is None:
            return sum(self.lists.pages_of(listing, at_least=records) for listing in spec.listings(due(spec)))
        return max(1, ceil(records / PAGE))

    def _looked(self, spec: Spec, records: int) -> Price:
        looks = range(0, records, BY_IDS)
        if spec.by_ids:
            return self._listed(spec, len(looks))
        return self._listed(spec, sum(self._pages(spec, records - looked_at) for looked_at in looks))

    def _updated(self, spec: Spec, records: int) -> Price:
        """With the look at what the field says before: by ids, or record by record."""
        read = ceil(records / self.block) if spec.by_ids else records
        path = spec.path if spec.by_ids else spec.path + _ITEM
        tokens = read * tokens_of("GET", path) + records * tokens_of("PATCH", spec.path + _ITEM)
        return Price(read + records, tokens)

    def _recounted(self, spec: Spec, records: int) -> Price:
        part = due(spec)
        if summed_up(spec, part):
            return Price(1, tokens_of("GET", SUMMARY))
        lists = proving(spec, part)
        return self._listed(spec, sum(self.lists.pages_of(each, at_least=records) for each in lists))

    @staticmethod
    def _listed(spec: Spec, calls: int) -> Price:
        return Price(calls, calls * tokens_of("GET", spec.path))
