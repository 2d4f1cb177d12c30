"""`grades.toml` against the tests of the contract, the rigs, and what the connectors say of themselves."""

from pathlib import Path
from typing import Final

import pytest
from contract_grades import Grade, grade, lines, tables
from contract_rig import Factory
from contract_systems import FACTORIES
from plain_connectors import CONNECTORS

from connectors.base import Ability, Way
from handlers.texts import catalogue

_NEEDED: Final = {fact for line in lines() for fact in line.needs}


def test_every_connector_has_a_rig_a_plain_one_and_a_table() -> None:
    assert set(FACTORIES) == set(CONNECTORS) == set(tables())


async def test_the_rig_has_exactly_what_its_table_does_not_deny(system: str, factory: Factory, tmp_path: Path) -> None:
    async with factory(tmp_path, 30) as rig:
        assert {fact for fact in _NEEDED if not getattr(rig, fact)} == set(tables()[system].lacks)


def test_every_row_names_something_and_gives_a_reason(system: str) -> None:
    table = tables()[system]
    names = {name for line in lines() for name in (line.name, line.name.partition(".")[0])}

    assert set(table.lacks) <= _NEEDED
    assert set(table.todo) <= names
    assert all(len(reason) > 10 for reason in (*table.lacks.values(), *table.todo.values()))


def test_what_the_vendor_cannot_have_is_not_still_to_do(system: str) -> None:
    capabilities, table = CONNECTORS[system]().capabilities, tables()[system]

    for name in table.todo:
        meant = [line for line in lines() if name in (line.name, line.name.partition(".")[0])]
        assert any(grade(line, capabilities, table)[0] is Grade.TODO for line in meant), name


def test_every_ability_has_its_way_and_what_is_not_done_by_api_its_reason(system: str) -> None:
    capabilities = CONNECTORS[system]().capabilities

    assert set(capabilities) == set(Ability)
    for ability, how in capabilities.items():
        assert (how.way is Way.API) == (how.reason == ""), ability
        assert how.way is Way.API or how.reason in catalogue(), how.reason


@pytest.mark.parametrize("ability", list(Ability))
def test_what_is_done_by_api_is_tested(system: str, ability: Ability) -> None:
    capabilities, table = CONNECTORS[system]().capabilities, tables()[system]
    if capabilities[ability].way is not Way.API:
        return
    proving = [line.name for line in lines() if ability in line.abilities]
    done = [line.name for line in lines() if grade(line, capabilities, table)[0] is Grade.DONE]

    assert set(proving) & set(done), f"no line of the contract shows that {system} can {ability}"
