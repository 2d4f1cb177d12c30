"""A newcomer at the page, in a real browser, with the stand-in bot."""

import os
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from browser_page import PHONE, opened, option
from browser_standin import CARD
from playwright.async_api import Browser, Page, ViewportSize, expect

from sandbox.page.desk import Desk
from sandbox.slack.content import Content
from sandbox.supervisor import Service, free_port
from sandbox.town import Town, TownOptions

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

LAPTOP = ViewportSize(width=1280, height=800)
STAND_IN = str(Path(__file__).with_name("browser_standin.py"))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def served(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    """A town with a running stand-in bot."""
    storage = tmp_path_factory.mktemp("town")
    own, port = f"http://127.0.0.1:{free_port()}", free_port()
    town = Town(TownOptions(own, f"http://127.0.0.1:{port}", storage, records=20))
    slack = town.workspace
    argv = [sys.executable, STAND_IN, str(port), f"{slack.url}/api/", slack.bot_token, slack.signing_secret]
    town.service = Service(argv, dict(os.environ), port, log=storage / "bot.log")
    async with town.serve():
        await town.service.start()
        yield town


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def tab(browser: Browser, served: Town) -> AsyncIterator[Page]:
    async with opened(browser, served.options.public_url) as page:
        yield page


@pytest_asyncio.fixture(loop_scope="session")
async def page(tab: Page, served: Town) -> Page:
    """The page as Ada, in an empty workspace."""
    for channel in served.workspace.channels.values():
        channel.messages.clear()
        channel.ephemerals.clear()
    await tab.goto("/?as=ada")
    return tab


async def send_command(page: Page) -> None:
    await page.get_by_role("combobox", name="Message to").fill("/offboard @amit")
    await page.keyboard.press("Enter")
    await expect(page.locator(".message")).to_contain_text("Preparing")


async def test_a_command_is_typed_with_suggestions(page: Page) -> None:
    field = page.get_by_role("combobox", name="Message to")
    await field.press_sequentially("/of")
    await expect(option(page, "/offboard")).to_be_visible()
    await field.press("Enter")
    await field.press_sequentially("@ami")
    await expect(option(page, "Amit Kumar")).to_have_attribute("aria-selected", "true")
    await field.press("Tab")
    await expect(field).to_have_value("/offboard @amit ")
    await field.press("Enter")
    message = page.locator(".message")
    await expect(message).to_contain_text("Only visible to you")
    await expect(message.locator(".mention")).to_have_text("@Amit Kumar")


async def test_the_lead_gets_a_dot_is_asked_and_approves(page: Page) -> None:
    await send_command(page)
    lead = page.get_by_role("link", name=re.compile("Tomás Rivera.*something waits"))
    await lead.click()
    await expect(page.get_by_text("<script>alert(1)</script>")).to_be_visible()
    approve = page.get_by_role("button", name="Approve")
    await approve.click()
    await page.get_by_role("button", name="No").click()
    await expect(approve).to_be_visible()
    await approve.click()
    await page.get_by_role("button", name="Yes, move").click()
    await expect(page.locator(".message")).to_contain_text("Approved by @Tomás Rivera")
    await expect(page.get_by_role("combobox", name="Message to")).to_be_focused()
    await expect(page.locator(".person .dot")).to_have_count(0)


async def test_a_choice_in_a_message_is_sent_at_once(page: Page) -> None:
    await send_command(page)
    await page.get_by_role("link", name="Tomás Rivera").click()
    select = page.get_by_role("combobox", name="Choose")
    await select.click()
    await option(page, "South").click()
    await expect(page.locator(".message").last).to_contain_text("You picked south")
    await expect(select).to_have_value("South")


async def test_a_modal_keeps_what_was_typed_and_shows_errors_beside_fields(page: Page, served: Town) -> None:
    await send_command(page)
    await page.get_by_role("link", name="Tomás Rivera").click()
    await page.get_by_role("button", name="Change").click()
    modal = page.get_by_role("dialog", name="Change the plan")
    await expect(modal.get_by_role("combobox", name="Successor")).to_be_focused()
    await modal.get_by_role("button", name="Save").click()
    await expect(modal.get_by_text("Please complete this required field.")).to_have_count(3)

    await modal.get_by_role("combobox", name="Successor").press_sequentially("sofia")
    await option(page, "Sofia Lindgren").click()
    await modal.get_by_role("combobox", name="Team").press_sequentially("serv")
    await option(page, "Service").click()
    await modal.get_by_label("Reason").fill("short")
    served.workspace.post(served.workspace.direct("U0TOMAS"), Content("Something else happens meanwhile"))
    await expect(page.locator(".message").last).to_contain_text("meanwhile")
    await expect(modal.get_by_label("Reason")).to_have_value("short")
    await modal.get_by_role("button", name="Save").click()
    await expect(modal.get_by_text("Say a little more, please.")).to_be_visible()
    await expect(modal.get_by_label("Reason")).to_be_focused()
    served.workspace.post(served.workspace.direct("U0TOMAS"), Content("And something else again"))
    await expect(page.locator(".message").last).to_contain_text("again")
    await expect(modal.get_by_text("Say a little more, please.")).to_be_visible()
    await modal.get_by_label("Reason").fill("because he leaves")
    await modal.get_by_role("button", name="Save").click()
    await expect(modal).to_be_hidden()
    await expect(page.locator(".message").last).to_contain_text("Saved: U0SOFIA service")


async def test_typed_text_and_focus_survive_what_happens_around_them(page: Page, served: Town) -> None:
    field = page.get_by_role("combobox", name="Message to")
    await field.press_sequentially("half a sent")
    served.workspace.post(served.workspace.channels["C0GENERAL"], Content("Good morning"))
    await expect(page.locator(".message")).to_contain_text("Good morning")
    await expect(field).to_be_focused()
    await expect(field).to_have_value("half a sent")


async def test_owner_changes_appear_by_themselves(page: Page, served: Town) -> None:
    await expect(page.get_by_role("region", name="CRM records")).to_contain_text("Latest owner changes")
    await Desk(served).edit_owner({"who": "amit", "to": "5000000000000120"})
    await expect(page.locator(".feed")).to_contain_text("Amit Kumar → Sofia Lindgren")


async def test_a_tall_message_is_read_from_its_top_and_a_short_one_at_the_end(page: Page, served: Town) -> None:
    channel = served.workspace.channels["C0GENERAL"]
    more = page.get_by_role("button", name="More below")
    lines = ["First line", *["more"] * 45, "Last line"]
    blocks = [{"type": "header", "text": {"type": "plain_text", "text": line}} for line in lines]
    served.workspace.post(channel, Content("tall", blocks))
    await expect(page.get_by_text("First line")).to_be_in_viewport()
    await expect(page.get_by_text("Last line")).not_to_be_in_viewport()
    await more.click()
    await expect(page.get_by_text("First line")).not_to_be_in_viewport()
    await more.click()
    await expect(page.get_by_text("Last line")).to_be_in_viewport()
    await expect(more).to_be_hidden()
    served.workspace.post(channel, Content("A short one"))
    await expect(page.get_by_text("A short one")).to_be_in_viewport()


async def test_a_permalink_opens_the_page_at_its_message(page: Page, served: Town) -> None:
    channel = served.workspace.direct("U0TOMAS")
    old = served.workspace.post(channel, Content("The old one"))
    for number in range(80):
        served.workspace.post(channel, Content(f"Newer {number}"))
    await page.goto(f"{served.workspace.url}/archives/{channel.id}/p{old.ts.replace('.', '')}")
    await expect(page.get_by_text("The old one")).to_be_in_viewport()
    await expect(page.get_by_role("region", name="Chat as Tomás Rivera")).to_be_visible()


async def test_the_home_tab_is_filled_when_it_is_opened(page: Page) -> None:
    await page.get_by_role("link", name="Offboard", exact=True).click()
    await page.get_by_role("link", name="Home").click()
    await expect(page.get_by_role("heading", name="Your departures")).to_be_visible()


async def test_the_bot_is_killed_and_started_from_the_page(page: Page, served: Town) -> None:
    await page.get_by_role("link", name="Faults").click()
    await page.get_by_role("button", name="Kill the bot").click()
    await expect(page.locator(".pill")).to_have_text("Bot killed")
    field = page.get_by_role("combobox", name="Message to")
    await field.fill("/offboard @amit")
    await field.press("Enter")
    await expect(page.locator(".message.system")).to_contain_text("/offboard failed with the error")
    await page.get_by_role("button", name="Start the bot").click()
    await expect(page.locator(".pill")).to_have_text("Bot running")
    async with httpx.AsyncClient(base_url=served.options.public_url) as http:
        assert (await http.get("/bot/health/live")).text == "live"  # page and bot behind one port


async def test_the_theme_can_be_switched_and_is_remembered(page: Page) -> None:
    html = page.locator("html")
    background = "getComputedStyle(document.body).backgroundColor"
    light = await page.evaluate(background)
    await page.get_by_role("button", name="Switch between light and dark").click()
    await expect(html).to_have_attribute("data-theme", "dark")
    assert await page.evaluate(background) != light
    await page.reload()
    await expect(html).to_have_attribute("data-theme", "dark")


async def test_a_phone_shows_one_thing_at_a_time_and_nothing_sticks_out(page: Page) -> None:
    await page.set_viewport_size(PHONE)
    await send_command(page)
    await expect(page.get_by_role("region", name="CRM records")).to_be_hidden()
    for tab in ("CRM", "By hand", "Faults", "Wire", "Chat"):
        await page.get_by_role("link", name=tab, exact=True).click()
        await expect(page.locator(f'[data-tab="{tab.split()[-1].lower()}"]')).to_have_attribute("aria-current", "page")
        assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    await expect(page.locator(".message")).to_contain_text("Preparing")


async def test_a_phone_shows_whom_the_bot_waits_for_and_who_is_played(page: Page, served: Town) -> None:
    await page.set_viewport_size(PHONE)
    people = page.get_by_role("navigation", name="Who you are")
    await people.locator(".people-row").evaluate("row => row.scrollTo(1000, 0)")
    served.workspace.post(served.workspace.direct("U0LENA"), Content("Please approve", CARD))
    lena = people.get_by_role("link", name=re.compile("Lena Schubert.*something waits for them"))
    await expect(lena).to_be_in_viewport(ratio=1)
    await expect(people.get_by_role("link", name="Ada Brandt")).to_be_in_viewport(ratio=1)
    await lena.click()
    await expect(page.get_by_role("region", name="Chat as Lena Schubert")).to_be_visible()
    await expect(lena).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("size", [LAPTOP, PHONE], ids=["laptop", "phone"])
async def test_no_figure_of_a_table_is_cut(page: Page, served: Town, size: ViewportSize) -> None:
    await page.set_viewport_size(size)
    rows = [
        ["Module", "Open", "Closed", "Moves", "Open value"],
        ["Sales Orders", "1,234", "591", "1,234", "€9,937,760"],
    ]
    cells = [[{"type": "raw_text", "text": text} for text in row] for row in rows]
    columns = [{"align": "left"}, *[{"align": "right"}] * 4]
    block = {"type": "table", "rows": cells, "column_settings": columns}
    served.workspace.post(served.workspace.channels["C0GENERAL"], Content("What is owned", [block]))
    table = page.get_by_role("region", name="Table")
    await expect(table.get_by_text("€9,937,760")).to_be_in_viewport(ratio=1)
    assert await table.evaluate("frame => frame.scrollWidth <= frame.clientWidth")
    assert await table.get_by_text("€9,937,760").evaluate("cell => cell.getClientRects().length") == 1


async def test_the_records_fit_beside_the_chat_of_a_laptop(page: Page) -> None:
    await page.set_viewport_size(LAPTOP)
    await page.goto("/?as=ada&pane=crm&module=Deals")
    records = page.get_by_role("region", name="Records", exact=True)
    assert await records.evaluate("frame => frame.scrollWidth <= frame.clientWidth")


@pytest.mark.parametrize("size", [LAPTOP, PHONE], ids=["laptop", "phone"])
async def test_what_was_done_is_told_without_covering_what_is_pressed_next(page: Page, size: ViewportSize) -> None:
    await page.set_viewport_size(size)
    await page.goto("/?as=ada&pane=hand&who=amit")
    await page.locator("[data-do=mailbox]").first.click()
    told = await page.get_by_role("alert").filter(has_text="The mailbox is changed.").bounding_box()
    assert told
    for other in ("#tabs", ".send"):
        box = await page.locator(other).bounding_box()
        assert box is None or box["y"] >= told["y"] + told["height"], other
