"""From the command to the closed card in a browser, with the real service as it is deployed: a process of its own."""

import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from browser_page import PHONE, errors_of, opened, option
from browser_player import WORK_MS, Player
from playwright.async_api import Browser, Locator, Page, expect

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


async def test_a_newcomer_plays_a_departure_of_five_thousand_records(
    browser: Browser, served: Town, tmp_path: Path
) -> None:
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
        await expect(page.locator(".message", has_text="Approved by @Tomás Rivera")).to_be_visible()

        await ada.become("Ada Brandt", waited_for=True)
        await ada.confirm_mailbox()
        await expect(page.get_by_text("The bot is at work; watch the CRM pane")).to_be_visible()
        run = page.locator(".message", has_text="Handing over the records of Amit Kumar")
        await expect(run).to_contain_text("of 3,282 records", timeout=WORK_MS)
        await expect(ada.pane).to_contain_text("Amit Kumar → Sofia Lindgren", timeout=WORK_MS)
        await expect(ada.owner("Sofia Lindgren")).to_be_visible()

        await ada.back_up(then="CRM")
        await ada.release_news()
        await ada.confirm_backup()
        for item in ("Zoho One", "Zoho Desk", "laptop and phone"):
            await ada.tick_off(item)
        closed = page.locator("#messages > .message").filter(has_text="Amit Kumar's departure is closed")
        await expect(closed).to_contain_text("Both found zero.", timeout=WORK_MS)
        await expect(ada.owner("Amit Kumar")).to_contain_text("disabled")
        await expect(ada.owner("Amit Kumar")).to_contain_text("0 open · 1,718 closed")
        await expect(ada.owner("Sofia Lindgren")).to_contain_text("4,288 open")
        await expect(ada.pane.get_by_text("ghost records")).to_have_text(before)

        assert await read_report(page, closed, tmp_path / "report.html") == await closed_in_crm(ada, "Amit Kumar")

        await page.get_by_role("link", name="Home", exact=True).click()
        await expect(page.get_by_text("Nothing waits for you.")).to_be_visible()
        await ada.open(LOG)
        await expect(ada.latest).to_contain_text("Amit Kumar's departure is closed")
        deals = page.locator(".message").filter(has_text="488 records").filter(has_text="Deals")
        await expect(deals).to_contain_text(re.compile("CRM records reassigned.*Amit Kumar.*Sofia Lindgren", re.DOTALL))
        await ada.become("Sofia Lindgren", waited_for=True)
        await expect(ada.latest).to_contain_text("3,282 records of Amit Kumar are now yours.")
        await expect(ada.latest).to_contain_text("AmitKumarRecords")


async def read_report(page: Page, closed: Locator, file: Path) -> dict[str, str]:
    """The report that hangs below the closed card, opened offline: what stays with the leaver, by module."""
    async with page.expect_download() as started:
        await closed.get_by_role("link", name=re.compile("report")).click(timeout=WORK_MS)
    await (await started.value).save_as(file)
    context = await page.context.browser.new_context(offline=True)  # type: ignore[union-attr]
    report = await context.new_page()
    errors = errors_of(report)
    await report.goto(file.as_uri())
    await expect(report).to_have_title(re.compile("Amit Kumar"))
    rows = report.locator("#records tbody tr")
    kept = """row => row.querySelector("[data-head='Kept, by rule']").innerText"""
    found = await rows.evaluate_all(f"rows => rows.map(row => [row.cells[0].innerText, ({kept})(row)])")
    await context.close()
    assert errors == []
    return {module: count for module, count in found if count != "0"}


async def closed_in_crm(player: Player, name: str) -> dict[str, str]:
    """What the CRM pane shows of somebody's closed records, by module."""
    lines = player.owner(name).locator(".counts li").filter(has=player.page.locator(".dim"))
    pairs = "lines => lines.map(li => [li.querySelector('.count-label').innerText, li.querySelector('.dim').innerText])"
    return {module: count.removeprefix("+") for module, count in await lines.evaluate_all(pairs)}


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
        await ada.confirm_mailbox("Zoho Mail", "Retained in Zoho, after the deactivation")

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
        await ada.back_up(then="Chat")
        await ada.confirm_backup()
        handed_over = page.locator(".message", has_text="What is left to do for Bianca")
        await expect(handed_over).to_have_count(1, timeout=WORK_MS)
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

        await ada.go_to(ada.button("Choose successor"), "Shift+Tab")
        await page.keyboard.press("Enter")
        form = page.get_by_role("dialog", name="Choose successor")
        successor = form.get_by_role("combobox", name="Successor")
        await expect(successor).to_be_focused()
        await page.keyboard.type("Hanna")
        await expect(option(page, "Hanna Fischer")).to_have_attribute("aria-selected", "true")
        await page.keyboard.press("Enter")
        await expect(successor).to_have_value("Hanna Fischer")
        await ada.go_to(form.get_by_role("button", name="Choose", exact=True), "Tab")
        await page.keyboard.press("Enter")
        await expect(form).to_be_hidden()
        await expect(page.get_by_role("list", name="Messages in Offboard")).to_contain_text("Successor chosen by")
        people = page.get_by_role("navigation", name="Who you are")
        await expect(
            people.get_by_role("link", name=re.compile("Lena Schubert.*something waits for them"))
        ).to_be_visible()
