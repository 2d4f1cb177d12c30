"""A page in a browser whose script errors fail the test."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, Locator, Page, ViewportSize

DESKTOP = ViewportSize(width=1440, height=900)
PHONE = ViewportSize(width=390, height=844)


@asynccontextmanager
async def opened(browser: Browser, url: str, *, size: ViewportSize = DESKTOP) -> AsyncIterator[Page]:
    """A page of a context of its own, without an address yet."""
    context = await browser.new_context(base_url=url, viewport=size, reduced_motion="reduce")
    page = await context.new_page()
    page.set_default_timeout(10_000)
    errors = errors_of(page)
    yield page
    await context.close()
    assert errors == []


def errors_of(page: Page) -> list[str]:
    """A list that fills with what goes wrong in the page's scripts."""
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    return errors


def option(page: Page, name: str) -> Locator:
    """A line of an open list of suggestions."""
    return page.locator("#chat").get_by_role("option", name=name)
