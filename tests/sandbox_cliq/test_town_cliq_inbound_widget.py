"""The app's widget on the home page."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from cliq_inbound_rig import Rig, form, rig, text

from sandbox.cliq.forms import NotOnScreen

REFRESH = {"label": "Refresh", "type": "invoke.function", "name": "offboardwidget", "id": "refresh"}
PAGE = {"label": "Open", "type": "open.url", "url": "https://crm.example"}
TABS = [{"id": "open", "label": "Open"}, {"id": "done", "label": "Done"}]


@pytest.fixture
async def town() -> AsyncIterator[Rig]:
    async with rig() as made:
        yield made


def section(*elements: dict[str, Any], name: str = "1") -> dict[str, Any]:
    return {"id": name, "elements": list(elements)}


def applet(*sections: dict[str, Any], **more: Any) -> dict[str, Any]:
    tabs = {"tabs": TABS, "active_tab": "open"}
    return {"type": "applet", **tabs, "data_type": "sections", "sections": list(sections), **more}


ROWS = {"type": "table", "headers": ["Module", "Left"], "rows": [{"Module": "Leads", "Left": "0"}]}
SHOWN = applet(
    section({"type": "title", "text": "Amit Kumar"}, ROWS, {"type": "buttons", "buttons": [REFRESH, PAGE]}),
    section({"type": "text", "text": "Nothing else"}, {"type": "divider"}, name="2"),
    header={"title": "Offboarding", "navigation": "new"},
)


async def test_it_shows_what_the_app_draws_for_this_person(town: Rig) -> None:
    town.app.answer(SHOWN)
    ada = town.person("ada")
    assert await ada.widget() == SHOWN
    sent, params = town.app.last, town.app.params
    assert (sent["type"], sent["handler"]) == ("widget", {"type": "view_handler"})
    assert (params["event"], params["target"], params["user"]["id"]) == ("load", {}, ada.user_id)
    assert (ada.applet, town.person("noor").applet) == (SHOWN, None)
    assert town.hall.refusals == []


async def test_a_tab_is_named_to_the_app(town: Rig) -> None:
    town.app.answer(SHOWN)
    ada = town.person("ada")
    await ada.widget()
    await ada.widget("tab_click", "done")
    assert (town.app.params["event"], town.app.params["target"]) == ("tab_click", {"id": "done", "label": "Done"})
    with pytest.raises(NotOnScreen):
        await ada.widget("tab_click", "lost")


async def test_a_button_may_replace_one_section(town: Rig) -> None:
    ada = town.person("ada")
    fresh = {"type": "section", **section({"type": "text", "text": "Fresh"})}
    town.app.answer(SHOWN, fresh)
    await ada.widget()
    await ada.widget_button("refresh")
    assert (town.app.last["name"], town.app.last["handler"]) == ("offboardwidget", {"type": "widget_button_handler"})
    assert town.app.params["target"] == {"label": "Refresh", "id": "refresh", "section_id": "1", "tab_id": "open"}
    shown = ada.applet
    assert shown is not None
    assert shown["sections"] == [fresh, SHOWN["sections"][1]]


async def test_a_button_may_open_a_form_or_redraw_everything(town: Rig) -> None:
    ada = town.person("ada")
    other = applet(section({"type": "text", "text": "Other"}))
    town.app.answer(SHOWN, form(text()), other)
    await ada.widget()
    await ada.widget_button("Refresh")
    assert [opened.content["name"] for opened in ada.forms()] == ["start"]
    await ada.widget_button("Refresh")
    assert ada.applet == other


async def test_a_link_tells_the_app_nothing_and_a_lost_button_cannot_be_clicked(town: Rig) -> None:
    ada = town.person("ada")
    town.app.answer(SHOWN)
    await ada.widget()
    await ada.widget_button("Open")
    assert len(town.app.heard) == 1
    with pytest.raises(NotOnScreen):
        await ada.widget_button("Gone")


@pytest.mark.parametrize(
    "output",
    [
        {"text": "Hello"},
        applet(*(section({"type": "divider"}, name=str(number)) for number in range(26))),
        applet(section(*({"type": "divider"} for _ in range(21)))),
        applet(section({"type": "buttons", "buttons": [REFRESH] * 6})),
        applet(section({"type": "buttons", "buttons": [REFRESH | {"label": "x" * 31}]})),
        applet(section({"type": "buttons", "buttons": [REFRESH | {"id": "x" * 501}]})),
        applet(section({"type": "buttons", "buttons": [REFRESH | {"name": "offboardform"}]})),
        applet(section({"type": "buttons", "buttons": [{"label": "Open", "type": "open.url"}]})),
        applet(section(ROWS | {"rows": [{"Leads": "0"}]})),
        applet(section({"type": "marquee", "text": "x"})),
        applet(section({"type": "text", "text": "x"}), active_tab="lost"),
        applet(section({"type": "text", "text": "x"}), data_type="info"),
    ],
)
async def test_a_widget_that_breaks_a_rule_is_not_shown(town: Rig, output: dict[str, Any]) -> None:
    ada = town.person("ada")
    town.app.answer(SHOWN, output)
    await ada.widget()
    assert await ada.widget("refresh") == SHOWN
    assert [banner.by_cliq for banner in ada.banners] == [True]
    assert len(town.hall.refusals) == 1


async def test_a_section_that_is_not_there_cannot_be_replaced(town: Rig) -> None:
    ada = town.person("ada")
    town.app.answer(SHOWN, {"type": "section", **section({"type": "divider"}, name="9")})
    await ada.widget()
    await ada.widget_button("refresh")
    assert ada.applet == SHOWN
    assert len(town.hall.refusals) == 1
