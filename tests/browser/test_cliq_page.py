"""Departures in Cliq in a browser, with the real service as it is deployed: a process of its own."""

import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from browser_page import PHONE, opened, option
from browser_player import WORK_MS, Player
from playwright.async_api import Browser, Page, ViewportSize, expect

from bot.__main__ import _town_settings
from sandbox.demo import DemoOptions, build
from sandbox.supervisor import free_port
from sandbox.town import Town

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

# The CRMs, each with what it calls somebody who has been locked out.
SYSTEMS = {"SuiteCRM": "inactive", "Pipedrive": "inactive", "Zoho CRM": "disabled"}
# What Pipedrive and SuiteCRM let no program do.
LEFT_TO_PEOPLE = ("Pipedrive: change by hand", "private e-mails", "cancel the seat", "SuiteCRM: change by hand")
LAPTOP = ViewportSize(width=1280, height=800)


class CliqPlayer(Player):
    """The same person, who uses Cliq or both apps."""

    async def switch(self, app: str) -> None:
        apps = self.page.get_by_role("navigation", name="Chat app")
        await apps.get_by_role("link", name=re.compile(f"^{app}")).click()
        await expect(self.page.locator(f"#chat{'.cliq' if app == 'Cliq' else ':not(.cliq)'}")).to_be_visible()

    async def command(self, leaver: str, *, typed: str) -> None:
        field = self.page.get_by_role("combobox", name="Message to")
        await field.press_sequentially("/off")
        await expect(option(self.page, "/offboard")).to_be_visible()
        await field.press("Tab")
        await field.press_sequentially(typed)
        await expect(option(self.page, leaver)).to_have_attribute("aria-selected", "true")
        await field.press("Tab")
        await expect(field).to_have_value(f"/offboard @{leaver} ")
        await field.press("Enter")
        await expect(self.latest).to_contain_text(f"{leaver}'s departure has started.")
        await expect(self.latest).to_contain_text("Only you can see this")

    async def tick_off(self, item: str) -> None:
        """Several items are offered as radio buttons, the last one in a list."""
        await self.button("Tick off").last.click(timeout=WORK_MS)
        await expect(self.form).to_be_visible()
        offered = self.form.get_by_role("radio", name=item)
        if await offered.count():
            await offered.check()
        else:
            await expect(self.form.get_by_role("combobox", name="Which one?")).to_have_value(re.compile(item))
        await self.form.get_by_role("textbox", name="What did you see").fill("Looked at by hand.")
        await self.form.get_by_role("button", name="Save").click()
        await expect(self.form).to_have_count(0)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def served(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    """A town in which people have Slack and Cliq, three CRMs, and no checklist of the house.

    Amit Kumar owns 12 records in each; Owen Price has an account in Zoho CRM alone, and owns nothing.
    """
    storage = tmp_path_factory.mktemp("town")
    policy = storage / "policy.toml"
    other_address = '"amit@brightwater.example" = ["a.kumar@brightwater.example"]'
    policy.write_text(f"checklist = []\n[aliases]\n{other_address}\n")

    def environment(addresses: dict[str, str]) -> dict[str, str]:
        return _town_settings({**addresses, "policy_file": str(policy)})

    argv = (sys.executable, "-m", "bot", "serve")
    options = DemoOptions(
        argv=argv, environment=environment, port=free_port(), records=12, surface="both",
        systems=("zoho_crm", "pipedrive", "suitecrm"),
    )  # fmt: skip
    town, service = build(options, storage)
    async with town.serve():
        await service.start()
        yield town


async def nothing_is_left(player: CliqPlayer, name: str) -> None:
    """In each system somebody is inactive and owns nothing open."""
    for system, state in SYSTEMS.items():
        await player.switch_to_system(system)
        await expect(player.owner(name)).to_contain_text(re.compile(rf"{state}.*\b0 open", re.DOTALL))


async def the_report_says_so(player: CliqPlayer) -> None:
    async with player.page.expect_popup() as started:
        await player.latest.get_by_text("Open the report").click()
    report = await started.value
    await expect(report).to_have_title("Departure no. 1: Amit Kumar")
    await expect(report.get_by_text("no record that should have moved is left behind.")).to_be_visible()
    await report.close()


async def picture(page: Page, folder: Path, name: str) -> None:
    await page.screenshot(path=folder / f"{name}.png")


async def test_a_departure_over_three_systems_wholly_in_cliq(browser: Browser, served: Town, tmp_path: Path) -> None:
    async with opened(browser, served.options.public_url, size=LAPTOP) as page:
        ada = CliqPlayer(page)
        await page.goto("/")
        await ada.switch("Cliq")
        await expect(page.get_by_text("Type /offboard @Amit Kumar as Ada")).to_be_visible()
        await ada.command("Amit Kumar", typed="@ami")
        await ada.open("Offboard")
        question = ada.latest.get_by_role("heading", name="Who takes over from Amit Kumar?")
        await expect(question).to_be_visible(timeout=WORK_MS)
        await expect(ada.latest).to_contain_text("Amit Kumar owns 36 records in Zoho CRM, Pipedrive, and SuiteCRM")
        assert await ada.starts_in_view(ada.latest)
        await picture(page, tmp_path, "question")
        await ada.choose_successor("Lind", "Sofia Lindgren", field="Successor in Zoho CRM")

        await ada.become("Tomás Rivera", waited_for=True)
        await expect(page.get_by_text("The bot waits for you, Tomás Rivera, in Slack and Cliq")).to_be_visible()
        await expect(ada.latest.get_by_role("table")).to_contain_text("Deals")
        await ada.approve(sure="records go to Sofia Lindgren")
        await expect(ada.latest).to_contain_text("Approved by Tomás Rivera")
        await expect(page.get_by_role("combobox", name="Message to")).to_be_focused()
        await picture(page, tmp_path, "approved")

        await ada.become("Ada Brandt", waited_for=True)
        await ada.button("Mailbox is safe").click(timeout=WORK_MS)
        await ada.form.get_by_label("Public: everybody who sees the record").check()
        await ada.form.get_by_role("button", name="Confirm").click()
        checked = ada.form.get_by_label("What did you check?")
        await expect(checked).to_be_focused()
        await expect(ada.form.locator(".field-error", has_text="This field is mandatory")).to_be_visible()
        await checked.fill("Looked at by hand.")
        direct = served.hall.direct(served.hall.by_key("ada").id)
        served.hall.post(direct, {"text": "Something else happens"}, sender=served.hall.bot_sender)
        await expect(ada.latest).to_contain_text("Something else happens")
        await expect(checked).to_have_value("Looked at by hand.")
        await ada.form.get_by_role("button", name="Confirm").click()
        await expect(ada.form).to_have_count(0)
        for system in SYSTEMS:
            await ada.switch_to_system(system)
            await expect(ada.pane).to_contain_text("Amit Kumar → Sofia Lindgren", timeout=WORK_MS)
        await ada.back_up(then="CRMs")
        await ada.confirm_backup()
        for item in LEFT_TO_PEOPLE:
            await ada.tick_off(item)
        await expect(ada.latest).to_contain_text("Amit Kumar's departure is closed", timeout=WORK_MS)
        await nothing_is_left(ada, "Amit Kumar")
        await the_report_says_so(ada)
        await page.get_by_role("link", name="Widget").click()
        await expect(page.get_by_text("Nothing waits for you.")).to_be_visible()
        await picture(page, tmp_path, "widget")
        assert served.hall.refusals == []


async def test_a_departure_that_alternates_between_slack_and_cliq(
    browser: Browser, served: Town, tmp_path: Path
) -> None:
    async with opened(browser, served.options.public_url, size=PHONE) as page:
        ada = CliqPlayer(page)
        await page.goto("/?app=cliq&who=owen")
        await ada.command("Owen Price", typed="@owen")
        await ada.open("Offboard")
        await ada.switch("Slack")
        await ada.choose_successor("Raj", "Raj Patel")
        await ada.become("Marek Nowak", waited_for=True)
        await ada.switch("Cliq")
        await picture(page, tmp_path, "phone")
        assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        await ada.approve(sure="Raj Patel")
        await expect(ada.latest).to_contain_text("Approved by Marek Nowak")
        await ada.switch("Slack")
        await expect(ada.latest).to_contain_text("Approved by", timeout=WORK_MS)
        await expect(ada.button("Approve")).to_have_count(0)
        await picture(page, tmp_path, "same-in-slack")

        await ada.become("Ada Brandt", waited_for=True)
        await ada.confirm_mailbox("Not at all: there is no mailbox", "Nothing to keep")
        await ada.switch("Cliq")
        await ada.confirm_backup()
        await expect(ada.latest).to_contain_text("Owen Price's departure is closed", timeout=WORK_MS)
        await ada.switch("Slack")
        await expect(ada.latest).to_contain_text("Owen Price's departure is closed", timeout=WORK_MS)
        people = page.get_by_role("navigation", name="Who you are")
        lead = people.get_by_role("link", name=re.compile("Marek Nowak.*something waits for them"))
        await expect(lead).to_have_count(1)  # the news can be released by either of them
        await ada.release_news()
        await expect(lead).to_have_count(0, timeout=WORK_MS)
        await picture(page, tmp_path, "closed-in-slack")
        assert served.hall.refusals == []
