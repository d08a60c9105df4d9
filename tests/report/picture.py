"""Make resources/docs/findings.png, the first screen of the demo's report: `python tests/report/picture.py`."""

from __future__ import annotations

import sys
from pathlib import Path

from browser import CHROMIUM, QUIET, READY, started

ROOT = Path(__file__).parents[2]
PICTURE = ROOT / "resources" / "docs" / "findings.png"
SCREEN, SCALE = {"width": 1280, "height": 1010}, 0.75
"""Size of the screen, and of the picture relative to it."""


def take(report: Path, picture: Path) -> None:
    """Write the first screen of a report as PNG."""
    with started() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        page = browser.new_page(viewport=SCREEN, device_scale_factor=SCALE)
        page.goto(report.resolve().as_uri())
        page.wait_for_function(READY)
        page.screenshot(path=picture)
        browser.close()


if __name__ == "__main__":
    report = Path(*sys.argv[1:2]) if sys.argv[1:] else ROOT / "results" / "demo" / "report" / "report.html"
    if not report.is_file():
        sys.exit(f"{report}: no report; run `make demo` first")
    take(report, PICTURE)
