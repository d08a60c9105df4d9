"""The report in a real browser: Debian's chromium, driven by playwright."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
"""A browser that talks to nobody of its own accord."""
READY = "document.documentElement.dataset.ready === 'yes'"
WIDTHS = (1280, 375)
"""A laptop and a telephone (pixels)."""


class Page:
    """An open report, with whatever it said on the console or asked from anywhere."""

    def __init__(self, page):
        """Listen from the start."""
        self.page, self.errors, self.requests = page, [], []
        page.on(
            "console",
            lambda message: self.errors.append(message.text) if message.type in ("error", "warning") else None,
        )
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))

    def hear(self, message) -> None:
        """Keep what the console complains about."""
        if message.type in ("error", "warning"):
            self.errors.append(message.text)

    def open(self, path: Path) -> None:
        """Load the file and wait until every chart in sight is drawn; sections are folded."""
        self.page.set_default_timeout(120_000)  # on a busy machine
        self.page.goto(path.resolve().as_uri())
        self.wait()

    def wait(self) -> None:
        """Wait until the charts of all unfolded sections are drawn."""
        self.page.wait_for_function(READY, timeout=400_000)

    def unfold(self) -> None:
        """Unfold all sections and wait until every chart is drawn."""
        self.page.locator('[data-unfold="yes"]').click()
        self.wait()

    def off(self, name: str) -> float:
        """Return how many pixels an element lies below the upper end of what can be seen; 0 at the end of the page."""
        return self.page.evaluate(
            """(name) => {
              const header = document.querySelector("header");
              const covered = getComputedStyle(header).position === "sticky" ? header.offsetHeight : 0;
              const end = window.scrollY + window.innerHeight >= document.documentElement.scrollHeight - 2;
              const place = document.getElementById(name).getBoundingClientRect();
              return end && place.top >= 0 && place.top < window.innerHeight ? 0 : place.top - covered;
            }""",
            name,
        )

    def beyond(self) -> list[str]:
        """Return the elements that make the page wider than its window."""
        return self.page.evaluate(
            """() => {
              if (document.documentElement.scrollWidth <= window.innerWidth) return [];
              const wide = (e) => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".scroll, pre");
              const elements = [...document.querySelectorAll("body *")].filter(wide);
              return ["page", ...elements.map((e) => e.outerHTML.slice(0, 99))];
            }"""
        )

    def column(self, table: str, name: str) -> list[str]:
        """Return the visible cells of a table's column, from top to bottom."""
        return self.page.evaluate(
            """([table, name]) => {
              const element = document.querySelector(`[data-table="${table}"]`);
              const heads = [...element.tHead.rows[0].cells];
              const place = heads.findIndex((cell) => cell.firstElementChild.dataset.sort === name);
              const rows = [...element.tBodies[0].rows].filter((row) => row.dataset.i && !row.hidden);
              return rows.map((row) => row.cells[place].textContent.trim());
            }""",
            [table, name],
        )


RUNNING: list = []
"""The one Playwright of this process: a second one can't be started while a first runs."""


@contextmanager
def started() -> Iterator:
    """Return the Playwright that runs, or start one and stop it afterwards."""
    from playwright.sync_api import sync_playwright

    if RUNNING:
        yield RUNNING[0]
        return
    with sync_playwright() as playwright:
        RUNNING.append(playwright)
        try:
            yield playwright
        finally:
            RUNNING.clear()


SHARED: list = []
"""The browser that tests share, while :func:`shared` lasts."""


@contextmanager
def shared() -> Iterator:
    """Have one browser for all pages that are opened meanwhile; each page knows nothing of the others."""
    with started() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        SHARED.append(browser)
        try:
            yield browser
        finally:
            SHARED.clear()
            browser.close()


@contextmanager
def opened(path: Path, width: int = 1280, height: int = 900, *, unfolded: bool = True) -> Iterator[Page]:
    """Open a report at a width, unfolded or as it is at first, in the shared browser or in one of its own."""
    with nullcontext(SHARED[0]) if SHARED else shared() as browser:
        context = browser.new_context(viewport={"width": width, "height": height})
        try:
            page = Page(context.new_page())
            page.open(path)
            if unfolded:
                page.unfold()
            yield page
        finally:
            context.close()
