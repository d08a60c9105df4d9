"""What an untreated biopsy of few cells is called, placed among untreated training models (scripts/biopsy).

Lineages of the stroma are placed by the same function as cycling cells; their shares may be small.
"""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
from scipy import special

from calibration import designs
from calibration.row import AROUND, AT_LEAST, AT_MOST, COVERAGE, POWER, REPORTED, VERDICT, Row, clustered
from scripts.biopsy import describe, discriminant
from scripts.biopsy import growth as biopsy
from scripts.stats.intervals import share_interval

LEVEL = 0.05
PATIENTS = 0.6
"""Standard deviation between patients of the log odds of cycling."""
BETWEEN = 0.8
"""The same of a lineage of the stroma."""


def place_trial(n: int, learned: bool, rng: np.random.Generator, few: int | None = None) -> tuple:
    """Return the row of an untreated biopsy of a new patient, placed among ``n`` training models.

    ``few``: cells of the biopsy; by default as many as a training sample may have.

    ``learned``: False for cycling cells (counted), True for cells nearer to persister by a discriminant of five scores
    that is learned from the training models, and in turn without each.
    """
    sizes = np.exp(rng.uniform(np.log(40), np.log(300), 2 * n + 1)).astype(int)
    sizes[-1] = few or sizes[-1]
    states = (designs.BASELINE, designs.TREATED)
    places = [(f"m{m}", state) for m in range(n) for state in states] + [("new", states[0])]
    labels = pd.DataFrame(
        [place for place, size in zip(places, sizes, strict=True) for _ in range(size)], columns=["model", "timepoint"]
    )
    labels["sample"] = labels["model"] + labels["timepoint"]
    training = (labels["model"] != "new").to_numpy()
    if not learned:
        odds = rng.normal(-0.3, PATIENTS, n + 1).repeat(2)[: 2 * n + 1] - 0.8 * (np.arange(2 * n + 1) % 2)
        odds[-1] = rng.normal(-0.3, PATIENTS)
        flags = (rng.random(len(labels)) < np.repeat(special.expit(odds), sizes)).astype(float)
        return biopsy.place("", flags[~training], flags[training], labels[training], states, 0.95)
    codes = labels["model"].replace("new", f"m{n}").str[1:].astype(int).to_numpy()
    start, way = rng.normal(0, 0.4, (n + 1, 5)), 1.2 + rng.normal(0, 0.4, (n + 1, 5))
    treated = (labels["timepoint"] == states[1]).to_numpy()[:, None]
    values = start[codes] + treated * way[codes] + rng.normal(size=(len(labels), 5))
    features = pd.DataFrame(values, columns=[f"s{i}" for i in range(5)])
    known, about = features[training].reset_index(drop=True), labels[training].reset_index(drop=True)
    left_out = biopsy.scores_left_out(known, about, states) > biopsy.MIDDLE
    own = discriminant.learn(known, about, states).score(features[~training]) > biopsy.MIDDLE
    return biopsy.place("", own.astype(float), left_out.astype(float), about, states, 0.95)


def lineage_trial(n: int, share: float, rng: np.random.Generator, few: int | None = None, times: float = 1.0) -> tuple:
    """Return the row of the stroma of an untreated biopsy of a new patient, of whose cells ``share`` (at the median of
    patients) are of a lineage. ``times``: what treatment multiplies its odds by.
    """
    sizes = np.exp(rng.uniform(np.log(40), np.log(300), n + 1)).astype(int)
    sizes[-1] = few or sizes[-1]
    odds = rng.normal(special.logit(share), BETWEEN, n + 1)
    odds[-1] += np.log(times)
    flagged = rng.binomial(sizes, special.expit(odds))
    counts = pd.DataFrame({"timepoint": designs.BASELINE, "model": range(n), "sample": range(n)})
    counts = counts.assign(flagged=flagged[:-1], cells=sizes[:-1])
    own = (int(flagged[-1]), int(sizes[-1]))
    return biopsy.place_counts("", "", own, counts, (designs.BASELINE, designs.TREATED), 0.95)


def lineage_rows(quick: bool) -> list[Row]:
    """Return the rates of shares of the stroma's lineages: calls, ranges, and the interval by counting alone."""
    found, runs = [], 20 if quick else 1000
    for share, few, n in product((0.3, 0.03), (None, 20), (5,) if quick else (3, 5, 8)):
        rng = np.random.default_rng([5, n, int(100 * share), few or 0])
        drawn = [lineage_trial(n, share, rng, few) for _ in range(runs)]
        design = f"{n} × (1+1); 40 to 300 stromal cells" + (f", a biopsy of {few}" if few else "")
        truth = f"an untreated new patient; a lineage of {share:.0%}"
        calls = sum(row[7] != "as untreated" for row in drawn)
        columns = ("biopsy/*/scores.tsv: above or below untreated", "biopsy/*/scores.tsv call")
        found.append(Row(columns, design, truth, VERDICT, LEVEL, calls, runs, AT_MOST))
        inside = sum(row[3] - 1e-9 <= row[2] <= row[4] + 1e-9 for row in drawn)
        columns = ("biopsy/*/scores.tsv low", "biopsy/*/scores.tsv high")
        found.append(Row(columns, design, truth, COVERAGE, 0.95, inside, runs, AT_LEAST))
    for n in (5,) if quick else (3, 5, 8):
        rng = np.random.default_rng([7, n])
        calls = sum(lineage_trial(n, 0.3, rng, times=8)[7] == "above untreated" for _ in range(runs))
        columns = ("biopsy/*/scores.tsv: above or below untreated", "biopsy/*/scores.tsv call")
        truth = "a new patient; the odds of a lineage of 30% are eight times those before treatment"
        found.append(Row(columns, f"{n} × (1+1); 40 to 300 stromal cells", truth, POWER, None, calls, runs, REPORTED))
    for share, cells in product((0.3, 0.03), (20, 100)):
        rng = np.random.default_rng([6, int(100 * share), cells])
        ends = [share_interval(k / cells, cells, 0.95) for k in rng.binomial(cells, share, runs)]
        inside = sum(low <= share <= high for low, high in ends)
        columns = ("biopsy/*/scores.tsv: interval by counting alone",)
        truth = f"a lineage of {share:.0%} of this patient's stroma"
        found.append(Row(columns, f"a biopsy of {cells} stromal cells", truth, COVERAGE, 0.95, inside, runs, AT_LEAST))
    return found


def regulon_rows(quick: bool) -> list[Row]:
    """Return how often mean activities of an untreated biopsy of 20 cells are called above or below untreated."""
    found, studies, names = [], 10 if quick else 200, [f"R{i}" for i in range(20)]
    states = (designs.BASELINE, designs.TREATED)
    for n in (5,) if quick else (3, 5, 8):
        rng, calls, inside = np.random.default_rng([4, n]), [], []
        for _ in range(studies):
            sizes = np.exp(rng.uniform(np.log(40), np.log(300), n)).astype(int)
            labels = pd.DataFrame({"model": [f"m{m}" for m, size in enumerate(sizes) for _ in range(size)]})
            means = 0.3 * rng.normal(size=(n + 1, len(names)))
            training = pd.DataFrame(
                means[labels["model"].str[1:].astype(int)] + rng.normal(size=(len(labels), len(names))), columns=names
            )
            query = pd.DataFrame(means[-1] + rng.normal(size=(20, len(names))), columns=names)
            at = pd.Series(0.0, index=names)
            labels["timepoint"] = states[0]
            table = describe.regulons_active(query, training, labels, at, states, 0.95)
            calls.append((table["call"] != "as untreated").sum())
            inside.append(((table["low"] <= table["value"]) & (table["value"] <= table["high"])).sum())
        design, truth = f"{n} × (1+1); 40 to 300 cells, a biopsy of 20", "an untreated new patient; mean activities"
        columns = ("biopsy/*/scores.tsv: above or below untreated", "biopsy/*/scores.tsv call")
        found.append(
            Row(columns, design, truth, VERDICT, LEVEL, **clustered(np.array(calls), len(names)), bound=AT_MOST)
        )
        columns = ("biopsy/*/scores.tsv low", "biopsy/*/scores.tsv high")
        found.append(
            Row(columns, design, truth, COVERAGE, 0.95, **clustered(np.array(inside), len(names)), bound=AT_LEAST)
        )
    return found


def rows(quick: bool) -> list[Row]:
    """Return how often the share of an untreated biopsy of a new patient lies outside the range of untreated ones."""
    found = []
    kinds = ((False, None, 600), (False, 20, 600), (True, None, 200), (True, 20, 200))
    for (learned, few, trials), n in product(kinds[:1] if quick else kinds, (5,) if quick else (3, 5, 8)):
        runs = 20 if quick else trials
        rng = np.random.default_rng([3, n, int(learned), few or 0])
        drawn = [place_trial(n, learned, rng, few) for _ in range(runs)]
        design = f"{n} × (1+1); 40 to 300 cells" + (f", a biopsy of {few}" if few else "")
        what = "cells nearer to persister, score learned" if learned else "cycling cells"
        truth = f"an untreated new patient; share of {what}"
        calls = sum(row[7] != "as untreated" for row in drawn)
        columns = ("biopsy/*/scores.tsv: above or below untreated", "biopsy/*/scores.tsv call")
        found.append(Row(columns, design, truth, VERDICT, LEVEL, calls, runs, AT_MOST))
        inside = sum(row[3] - 1e-9 <= row[2] <= row[4] + 1e-9 for row in drawn)
        note = "conservative: counted in few cells" if few else "range of the observed share"
        found.append(
            Row(
                ("biopsy/*/scores.tsv low", "biopsy/*/scores.tsv high"),
                design,
                truth,
                COVERAGE,
                0.95,
                inside,
                runs,
                AT_LEAST if few else AROUND,
                note,
            )
        )
    return [*found, *lineage_rows(quick), *regulon_rows(quick)]
