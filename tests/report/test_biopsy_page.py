"""A biopsy's page in a real browser: it fits a laptop and a telephone."""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from browser import CHROMIUM, QUIET, WIDTHS, started

from scripts.biopsy import draw_biopsy
from scripts.biopsy.describe import ROWS

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium isn't installed (Debian: apt-get install chromium)"),
]
LONG = "only 312 of the reference's genes were measured: are genes named by symbol, and of the species?"


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """Return the page of a made-up biopsy with a long remark."""
    folder = tmp_path_factory.mktemp("biopsy")
    rows = [
        ("verdict", "biopsy", np.nan, np.nan, np.nan, np.nan, np.nan, "caution", f"genes: {LONG}"),
        ("check", "genes", 0.7, 0.8, 1.0, np.nan, np.nan, "caution", LONG),
        ("check", "depth (median UMIs)", 1102, 327.25, np.nan, np.nan, np.nan, "ok", "training cells are thinned"),
        ("fraction", "persister-like cells", 0.25, 0.2, 0.31, np.nan, np.nan, "", "part of 412 tumour cells"),
        ("switch", "FOSL1", 0.9, -0.2, 0.3, 0, 1, "active", "FOSL1(+) is up in persisters"),
        ("regulon", "FOSL1(+)", 0.4, 0.1, 0.3, 0.2, 0.5, "above untreated", "on in 35% of the cells"),
    ]
    pd.DataFrame(rows, columns=ROWS).to_csv(folder / "scores.tsv", sep="\t", index=False)
    density = {"biopsy": [0.2, 1.1, 0.3], "untreated": [0.2, 0.9, 0.1], "persister": [0.0, 0.1, 0.4]}
    frame = pd.DataFrame({"score": [0.0, 0.5, 1.0], **density})
    frame.to_csv(folder / "distribution.tsv", sep="\t", index=False)
    training = {"models": 5, "cells": 2000, "samples": 10, "profiles": 0}
    manifest = {"workflow": "1", "format_version": 1, "training": training, "provenance": {"note": ""}}
    (folder / "reference.json").write_text(json.dumps(manifest))
    source = SimpleNamespace(
        scores=folder / "scores.tsv", distribution=folder / "distribution.tsv", reference=folder / "reference.json"
    )
    sample = {"sample": "B1", "model": "P9", "timepoint": "biopsy", "arm": "AC", "replicate": "1"}
    made = SimpleNamespace(page=folder / "biopsy.html")
    draw_biopsy.main(SimpleNamespace(input=source, output=made, params=SimpleNamespace(sample=sample)))
    return made.page


@pytest.mark.parametrize("width", WIDTHS)
def test_it_fits_and_each_factor_has_one_status(page, width):
    with started() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        found = browser.new_page(viewport={"width": width, "height": 900})
        found.goto(page.as_uri())
        wide = found.evaluate("document.documentElement.scrollWidth")
        beyond = found.evaluate(
            """() => [...document.querySelectorAll("svg, p, .verdict")]
                 .filter((e) => e.getBoundingClientRect().width && e.getBoundingClientRect().right > innerWidth + 1)
                 .map((e) => e.outerHTML.slice(0, 80))"""
        )
        small = found.evaluate(
            """() => Math.min(...[...document.querySelectorAll("svg text")].map((e) => e.getBoundingClientRect().height)
                 .filter((height) => height > 0))"""
        )
        text = found.locator("main").inner_text()
        browser.close()
    assert wide <= width and beyond == []
    assert small >= 8, "letters stay readable"
    assert "Other regulons" not in text and "above untreated" not in text and "active" in text
