"""Who is who in Cliq, and how few look-ups that takes."""

import httpx
import pytest
from cliq_rig import Ticks, Town, answering

from bot.chat.cliq.client import CliqApi
from bot.chat.cliq.people import Directory
from bot.chat.surface import ChatPerson, Refused, TryLater
from sandbox.faults import Fault


def lookups(town: Town) -> int:
    return len([path for _, path in town.transport.calls if path.startswith("/api/v2/users")])


async def test_a_person_is_known_by_id_and_by_address(town: Town) -> None:
    petra = await town.surface.person(town.id("petra"))
    assert petra == ChatPerson(
        id=town.id("petra"),
        name="Petra Vogel",
        email="petra@brightwater.example",
        language="de",
        time_zone="Europe/Berlin",
        active=True,
        is_bot=False,
    )
    assert await town.surface.person_by_email("Petra@Brightwater.example") == petra


async def test_somebody_whose_address_only_contains_another_is_not_mistaken(town: Town) -> None:
    """Cliq's search finds parts: "alex.kim@" is no part of "alex.kim2@", but "kim@…" is of the other's end."""
    assert await town.surface.person_by_email("kim@brightwater.example") is None
    found = await town.surface.person_by_email("alex.kim@brightwater.example")
    assert found
    assert found.id == town.id("alex.kim")


async def test_the_unknown_are_nobody(town: Town) -> None:
    assert await town.surface.person("7") is None
    assert await town.surface.person_by_email("nobody@brightwater.example") is None


async def test_a_closed_account_is_found_by_its_address(town: Town) -> None:
    walter = await town.surface.person_by_email("walter@brightwater.example")
    assert walter
    assert (walter.id, walter.active) == (town.id("walter"), False)


async def test_whom_a_delivery_describes_is_not_looked_up(town: Town) -> None:
    ada = ChatPerson(town.id("ada"), "Ada Brandt", "ada@brightwater.example", "en", "UTC", active=True, is_bot=False)
    town.surface.met([ada])
    assert await town.surface.person(ada.id) == ada
    assert await town.surface.person_by_email("ADA@brightwater.example") == ada
    assert lookups(town) == 0


async def test_people_are_remembered_for_five_minutes(town: Town) -> None:
    ticks = Ticks()
    directory = Directory(town.surface._api, clock=ticks)
    await directory.by_email("amit@brightwater.example")
    made = lookups(town)
    town.hall.deactivate(town.id("amit"))
    ticks.now += 299
    remembered = await directory.by_email("amit@brightwater.example")
    assert lookups(town) == made
    ticks.now += 2
    fresh = await directory.by_email("amit@brightwater.example")
    assert remembered
    assert fresh
    assert (remembered.active, fresh.active) == (True, False)


async def test_a_search_of_several_pages_is_read_to_its_end() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/users/9"):
            return httpx.Response(200, json={"data": {"id": "9", "full_name": "Zoe", "email_id": "zoe@x.example"}})
        if request.url.params.get("next_token") == "more":
            return httpx.Response(200, json={"data": [{"id": "9", "email_id": "Zoe@x.example"}], "has_more": False})
        first = {"data": [{"id": "8", "email_id": "azoe@x.example"}], "has_more": True, "next_token": "more"}
        return httpx.Response(200, json=first)

    surface = answering(answer)
    found = await surface.person_by_email("zoe@x.example")
    assert found
    assert found.name == "Zoe"
    await surface.aclose()


async def test_an_outage_is_not_an_answer(town: Town) -> None:
    town.hall.faults.switch(Fault.RATE_LIMIT, on=True)
    await town.surface.person(town.id("ada"))
    with pytest.raises(TryLater):
        await town.surface.person(town.id("noor"))
    town.hall.faults.switch(Fault.RATE_LIMIT, on=False)
    town.ticks.now += 601
    assert await town.surface.person(town.id("noor"))


async def test_a_refusal_that_is_not_about_the_person_is_raised() -> None:
    surface = answering(lambda _: httpx.Response(403, json={"message": "no", "code": "access_denied"}))
    assert isinstance(surface._api, CliqApi)
    with pytest.raises(Refused):
        await surface.person("7")
    await surface.aclose()
