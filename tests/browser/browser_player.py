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

    async def choose_successor(self, typed: str, name: str) -> None:
        await self.button("Choose successor").click(timeout=WORK_MS)
        await self.form.get_by_role("combobox", name="Successor").press_sequentially(typed)
        await option(self.page, name).click()
        await self.form.get_by_role("button", name="Choose", exact=True).click()
        await expect(self.form).to_have_count(0)

    async def approve(self, *, sure: str) -> None:
        await self.button("Approve").click()
        ask = self.page.get_by_role("dialog", name="Approve this plan?")
        await expect(ask).to_contain_text(sure)
        await ask.get_by_role("button", name="Approve").click()

    async def confirm(self, button: str) -> None:
        """Press a button whose form asks what was checked."""
        await self.button(button).click(timeout=WORK_MS)
        await self.form.get_by_label("What did you check?").fill("Looked at by hand.")
        await self.form.get_by_role("button", name="Confirm").click()
        await expect(self.form).to_have_count(0)

    async def starts_in_view(self, message: Locator) -> bool:
        """Whether the message's first line can be read without scrolling."""
        view, box = await self.page.locator("#messages").bounding_box(), await message.bounding_box()
        return bool(view and box) and view["y"] <= box["y"] < view["y"] + view["height"]  # type: ignore[index]
