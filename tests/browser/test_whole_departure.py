"""From the command to the closed card in a browser, with the real service as it is deployed: a process of its own."""

import re
import sys
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from browser_page import PHONE, opened, option
from browser_player import WORK_MS, Player
from playwright.async_api import Browser, expect

from bot.__main__ import _town_settings
from sandbox.demo import DemoOptions, build
from sandbox.supervisor import free_port
from sandbox.town import Town

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

LOG = "crm-offboarding-log"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def served(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    """A town with the real bot. Amit Kumar owns 5,000 records, Bianca Rossi 150; both report to Tomás Rivera."""
    argv = (sys.executable, "-m", "bot", "serve")
    options = DemoOptions(argv=argv, environment=_town_settings, port=free_port(), records=5000)
    town, service = build(options, tmp_path_factory.mktemp("town"))
    async with town.serve():
        await service.start()
        yield town


async def test_a_newcomer_plays_a_departure_of_five_thousand_records(browser: Browser, served: Town) -> None:
    async with opened(browser, served.options.public_url) as page:
        ada = Player(page)
        await page.goto("/")
        await expect(page.get_by_text("Type /offboard @amit as Ada")).to_be_visible()
        await expect(ada.owner("Amit Kumar")).to_contain_text("3,282 open")
        before = await ada.pane.get_by_text("ghost records").inner_text()

        await ada.command("Amit Kumar", typed="@ami")
        await ada.open("Offboard")
        await expect(ada.latest).to_contain_text("Amit Kumar owns 5,000 records in Zoho CRM; 3,282 would move.")
        assert await ada.starts_in_view(ada.latest)
        await expect(page.get_by_role("button", name="More below")).to_be_visible()
        await ada.choose_successor("Lind", "Sofia Lindgren")

        await ada.become("Tomás Rivera", waited_for=True)
        await expect(ada.latest).to_contain_text("Approve the hand-over from Amit Kumar?")
        await expect(ada.latest.get_by_role("table")).to_contain_text("Deals")
        assert await ada.starts_in_view(ada.latest)
        await ada.approve(sure="3,282 records go to Sofia Lindgren")
        await expect(ada.latest).to_contain_text("Approved by @Tomás Rivera")

        await ada.become("Ada Brandt", waited_for=True)
        await ada.confirm("Mailbox is safe")
        await expect(page.get_by_text("The bot is at work; watch the CRM pane")).to_be_visible()
        await expect(ada.latest).to_contain_text("Handing over the records of Amit Kumar")
        await expect(ada.latest).to_contain_text("of 3,282 records", timeout=WORK_MS)
        await expect(ada.pane).to_contain_text("Amit Kumar → Sofia Lindgren", timeout=WORK_MS)
        await expect(ada.owner("Sofia Lindgren")).to_be_visible()

        await ada.confirm("Backup is confirmed")
        await expect(ada.latest).to_contain_text("Amit Kumar's departure is closed")
        await expect(ada.latest).to_contain_text("Both found zero.")
        assert await ada.starts_in_view(ada.latest)
        await expect(ada.owner("Amit Kumar")).to_contain_text("disabled")
        await expect(ada.owner("Amit Kumar")).to_contain_text("0 open · 1,718 closed")
        await expect(ada.owner("Sofia Lindgren")).to_contain_text("4,288 open")
        await expect(ada.pane.get_by_text("ghost records")).to_have_text(before)

        await page.get_by_role("link", name="Home", exact=True).click()
        await expect(page.get_by_text("Nothing waits for you.")).to_be_visible()
        await ada.open(LOG)
        await expect(ada.latest).to_contain_text("Amit Kumar's departure is closed")
        deals = page.locator(".message").filter(has_text="488 records").filter(has_text="Deals")
        await expect(deals).to_contain_text(re.compile("CRM records reassigned.*Amit Kumar.*Sofia Lindgren", re.DOTALL))
        await ada.become("Sofia Lindgren", waited_for=False)
        await ada.open("Offboard")
        await expect(ada.latest).to_contain_text("3,282 records of Amit Kumar are now yours.")
        await expect(ada.latest).to_contain_text("AmitKumarRecords")


async def test_on_a_phone_the_bot_is_killed_in_mid_run_and_nothing_is_lost(browser: Browser, served: Town) -> None:
    async with opened(browser, served.options.public_url, size=PHONE) as page:
        ada = Player(page)
        await page.goto("/?who=bianca")
        await ada.command("Bianca Rossi", typed="@bian")
        await ada.open("Offboard")
        await ada.choose_successor("ben", "Ben Carter")
        await ada.become("Tomás Rivera", waited_for=True)
        await ada.approve(sure="records go to Ben Carter")
        await ada.become("Ada Brandt", waited_for=True)
        await ada.confirm("Mailbox is safe")

        tab = page.get_by_role("navigation", name="What to look at")
        await tab.get_by_role("link", name="CRM").click()
        await expect(ada.pane).to_contain_text("Bianca Rossi → Ben Carter", timeout=WORK_MS)
        await tab.get_by_role("link", name="Faults").click()
        await page.get_by_role("button", name="Kill the bot").click()
        await expect(page.locator(".pill")).to_have_text("Bot killed")
        await expect(page.get_by_text("The bot is dead. Start it again under Faults")).to_be_visible()
        await tab.get_by_role("link", name="CRM").click()
        await expect(ada.owner("Bianca Rossi")).not_to_contain_text("disabled")  # the work was not done yet

        await tab.get_by_role("link", name="Faults").click()
        await page.get_by_role("button", name="Start the bot").click()
        await expect(page.locator(".pill")).to_have_text("Bot running")
        await tab.get_by_role("link", name="Chat").click()
        await ada.confirm("Backup is confirmed")
        await expect(ada.latest).to_contain_text("Bianca Rossi's departure is closed")
        await expect(page.locator(".message", has_text="Bianca Rossi's departure is closed")).to_have_count(1)
        await tab.get_by_role("link", name="CRM").click()
        await expect(ada.owner("Bianca Rossi")).to_contain_text("disabled")
        await expect(ada.owner("Bianca Rossi")).to_contain_text(re.compile(r"\b0 open"))


async def test_from_the_command_to_the_successor_by_keyboard_alone(browser: Browser, served: Town) -> None:
    async with opened(browser, served.options.public_url) as page:
        ada = Player(page)
        await page.goto("/?as=ada&at=dm")
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("link", name="Skip to the message field")).to_be_focused()
        await page.keyboard.press("Enter")
        field = page.get_by_role("combobox", name="Message to Offboard as Ada Brandt")
        await expect(field).to_be_focused()
        await page.keyboard.type("/offboard @jul")
        await expect(option(page, "Julia Weber")).to_have_attribute("aria-selected", "true")
        await expect(page.get_by_role("listbox", name="Suggestions")).to_be_visible()
        await page.keyboard.press("Enter")
        await page.keyboard.press("Enter")
        question = page.get_by_role("heading", name="Who takes over from Julia Weber?")
        await expect(question).to_be_visible(timeout=WORK_MS)
        await expect(page.get_by_role("list", name="Messages in Offboard")).to_contain_text("Choose successor")

        choose = ada.button("Choose successor")
        for _ in range(10):
            await page.keyboard.press("Shift+Tab")
            if await choose.evaluate("button => button === document.activeElement"):
                break
        await expect(choose).to_be_focused()
        await page.keyboard.press("Enter")
        form = page.get_by_role("dialog", name="Choose successor")
        successor = form.get_by_role("combobox", name="Successor")
        await expect(successor).to_be_focused()
        await page.keyboard.type("Hanna")
        await expect(option(page, "Hanna Fischer")).to_have_attribute("aria-selected", "true")
        await page.keyboard.press("Enter")
        await expect(successor).to_have_value("Hanna Fischer")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Tab")
        await expect(form.get_by_role("button", name="Choose", exact=True)).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(form).to_be_hidden()
        await expect(page.get_by_role("list", name="Messages in Offboard")).to_contain_text("Successor chosen by")
        people = page.get_by_role("navigation", name="Who you are")
        await expect(
            people.get_by_role("link", name=re.compile("Lena Schubert.*something waits for them"))
        ).to_be_visible()
