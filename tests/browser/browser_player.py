"""Somebody at the page: what they press and read, by the words that stand there."""

import re
from typing import Final

from browser_page import option
from playwright.async_api import Locator, Page, expect

WORK_MS: Final = 60_000  # milliseconds that a run may take on a busy machine


class Player:
    def __init__(self, page: Page) -> None:
        self.page = page

    @property
    def latest(self) -> Locator:
        return self.page.locator("#messages > .message").last

    @property
    def form(self) -> Locator:
        """The window of the bot that lies over the chat."""
        return self.page.locator("#chat").get_by_role("dialog")

    @property
    def pane(self) -> Locator:
        return self.page.get_by_role("region", name="CRM records", exact=True)

    def owner(self, name: str) -> Locator:
        """What the CRM pane shows of one person's records."""
        return self.pane.get_by_role("article").filter(has=self.page.get_by_role("link", name=name))

    def button(self, name: str) -> Locator:
        return self.page.locator("#messages").get_by_role("button", name=name, exact=True)

    async def command(self, leaver: str, *, typed: str) -> None:
        """Type the command with the help of its suggestions."""
        field = self.page.get_by_role("combobox", name="Message to")
        await field.press_sequentially("/off")
        await expect(option(self.page, "/offboard")).to_be_visible()
        await field.press("Tab")
        await field.press_sequentially(typed)
        await expect(option(self.page, leaver)).to_have_attribute("aria-selected", "true")
        await field.press("Tab")
        await field.press("Enter")
        await expect(self.latest).to_contain_text(f"{leaver}'s departure has started.")
        await expect(self.latest).to_contain_text("Only visible to you")

    async def open(self, conversation: str) -> None:
        links = self.page.get_by_role("navigation", name="Conversations")
        await links.get_by_role("link", name=re.compile(f"^\\W*{conversation}")).click()

    async def become(self, name: str, *, waited_for: bool) -> None:
        """Play somebody else; the orange dot tells that the bot waits for them."""
        words = f"{name}.*something waits for them" if waited_for else name
        people = self.page.get_by_role("navigation", name="Who you are")
        await people.get_by_role("link", name=re.compile(words)).click(timeout=WORK_MS)
        await expect(self.page.get_by_role("region", name=f"Chat as {name}")).to_be_visible()

    async def choose_successor(self, typed: str, name: str, *, field: str = "Successor") -> None:
        await self.button("Choose successor").click(timeout=WORK_MS)
        await self.form.get_by_role("combobox", name=field).press_sequentially(typed)
        await option(self.page, name).click()
        await self.form.get_by_role("button", name="Choose", exact=True).click()
        await expect(self.form).to_have_count(0)

    async def approve(self, *, sure: str) -> None:
        await self.button("Approve").click()
        ask = self.page.get_by_role("dialog", name="Approve this plan?")
        await expect(ask).to_contain_text(sure)
        await ask.get_by_role("button", name="Approve").click()

    async def confirm_mailbox(self, *unknown: str) -> None:
        """Answer who sees the mails, and what the bot does not know of the mailbox; with evidence."""
        await self.button("Mailbox is safe").click(timeout=WORK_MS)
        for answer in ("Public: everybody who sees the record", *unknown):
            await self.form.get_by_label(answer).check()
        await self._confirm()

    async def back_up(self, *, then: str) -> None:
        """Once the bot asks for it, press "Backup" in the CRM; then go on to another tab."""
        await expect(self.button("Backup is confirmed")).to_have_count(1, timeout=WORK_MS)
        await self.look_at("By hand")
        hand = self.page.get_by_role("region", name="What people do by hand")
        await hand.get_by_role("button", name="Press “Backup” in Zoho").click(timeout=WORK_MS)
        await expect(hand).to_contain_text("Done: the mails were saved.")
        await self.look_at(then)

    async def confirm_backup(self) -> None:
        await self.button("Backup is confirmed").click(timeout=WORK_MS)
        await self._confirm()

    async def release_news(self) -> None:
        await self.button("Release news").last.click()
        ask = self.page.get_by_role("dialog").filter(has=self.page.get_by_role("button", name="Release news"))
        await ask.get_by_role("button", name="Release news").click()

    async def tick_off(self, item: str) -> None:
        """Settle an item of the checklist, with what was seen."""
        await self.button("Tick off").last.click(timeout=WORK_MS)
        await self.form.get_by_label(item).check()
        await self.form.get_by_role("textbox").fill("Looked at by hand.")
        await self.form.get_by_role("button", name="Save").click()
        await expect(self.form).to_have_count(0)

    async def switch_to_system(self, name: str) -> None:
        """Let the panes show another CRM."""
        await self.page.get_by_role("navigation", name="CRMs").get_by_role("link", name=name).click()

    async def look_at(self, tab: str) -> None:
        await self.page.get_by_role("navigation", name="What to look at").get_by_role("link", name=tab).click()

    async def _confirm(self) -> None:
        await self.form.get_by_label("What did you check?").fill("Looked at by hand.")
        await self.form.get_by_role("button", name="Confirm").click()
        await expect(self.form).to_have_count(0)

    async def go_to(self, target: Locator, key: str) -> None:
        """Reach an element by the keyboard alone."""
        for _ in range(12):
            await self.page.keyboard.press(key)
            if await target.evaluate("element => element === document.activeElement"):
                break
        await expect(target).to_be_focused()

    async def starts_in_view(self, message: Locator) -> bool:
        """Whether the message's first line can be read without scrolling."""
        view, box = await self.page.locator("#messages").bounding_box(), await message.bounding_box()
        return bool(view and box) and view["y"] <= box["y"] < view["y"] + view["height"]  # type: ignore[index]
