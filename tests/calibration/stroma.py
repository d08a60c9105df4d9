"""Rates of p-values, intervals and verdicts of the stage stroma in simulated studies: shares of lineages, and pairs."""

from __future__ import annotations

import numpy as np
import pandas as pd

from calibration.row import (
    AROUND,
    AT_MOST,
    COVERAGE,
    FALSE_DISCOVERIES,
    POWER,
    REPORTED,
    TYPE_1,
    VERDICT,
    Row,
    clustered,
)  # fmt: skip
from scripts.stroma import pairs, shares, verdicts

LEVEL = 0.05
C, P, INTERVAL = "stroma/changes.tsv", "stroma/pairs.tsv", ("stroma/*.tsv ci_low", "stroma/*.tsv ci_high")
SAID = f"{C} verdict"
SHARES = np.array([0.4, 0.3, 0.15, 0.1, 0.05])
"""Mean shares of five lineages."""
VARY = 0.6
"""Standard deviation between models of the change of a lineage's log2 ratio."""
GENES, PAIRS = 400, 150
"""Genes of each side, and pairs that share some of them."""


def draw_shares(rng: np.random.Generator, models: int, effect: float) -> tuple[pd.DataFrame, np.ndarray]:
    """Return shares.tsv of a study, and the true mean change of each lineage's centred log2 ratio.

    An untreated sample has about 150 stromal cells, a treated one 50. The third lineage rises by ``effect`` (log2).
    """
    rows, name = [], [f"L{i}" for i in range(len(SHARES))]
    planted = np.where(np.arange(len(SHARES)) == 2, effect, 0.0)
    for model in range(models):
        base = rng.dirichlet(30 * SHARES)
        change = planted + rng.normal(0, VARY, len(SHARES))
        for timepoint, mean, part in (("u", 150, base), ("p", 50, base * 2**change)):
            n = max(20, int(mean * rng.lognormal(0, 0.5)))
            cells = rng.multinomial(n, part / part.sum())
            sample = f"M{model}{timepoint}"
            rows += [
                (sample, f"M{model}", timepoint, timepoint, lineage, own, own / n, "yes")
                for lineage, own in zip(name, cells, strict=True)
            ]
    return pd.DataFrame(rows, columns=shares.SHARES), planted - planted.mean()


def share_rows(quick: bool, models: int) -> list[Row]:
    """Return the rates of lineages' changes in studies without an effect, and with one lineage that rises four-fold."""
    studies, rows = (20 if quick else 200), []
    design = f"{models} × (1+1), 150 and 50 stromal cells, 5 lineages"
    rng = np.random.default_rng([1, models])
    hits, covered, any_call = [], [], 0
    for _ in range(studies):
        table, truth = draw_shares(rng, models, 0.0)
        found = shares.compare(table, "u", ["p"], limit=LEVEL).set_index("lineage").sort_index()
        hits.append((found["p"] <= LEVEL).sum())
        covered.append(((found["ci_low"] <= truth) & (truth <= found["ci_high"])).sum())
        any_call += found["verdict"].isin([verdicts.RISES.name, verdicts.FALLS.name]).any()
    truth = f"no lineage changes; models differ by sd {VARY:g} (log2)"
    n = len(SHARES)
    rows.append(Row((f"{C} p",), design, truth, TYPE_1, LEVEL, **clustered(np.array(hits), n), bound=AROUND))
    rows.append(Row(INTERVAL, design, truth, COVERAGE, 0.95, **clustered(np.array(covered), n), bound=AROUND))
    what = (SAID, f"stroma: {verdicts.RISES.name}", f"stroma: {verdicts.FALLS.name}", f"{C} fdr")
    rows.append(Row(what, design, f"{truth}; any of {n}", VERDICT, LEVEL, any_call, studies, AT_MOST))
    rises, wrong, falls, covered = 0, [], [], []
    for _ in range(studies):
        table, truth = draw_shares(rng, models, 2.0)
        found = shares.compare(table, "u", ["p"], limit=LEVEL).set_index("lineage").sort_index()
        rises += found["verdict"].iloc[2] == verdicts.RISES.name
        wrong.append((found["verdict"].drop("L2") == verdicts.RISES.name).sum())
        falls.append((found["verdict"].drop("L2") == verdicts.FALLS.name).sum())
        covered.append(found["ci_low"].iloc[2] <= truth[2] <= found["ci_high"].iloc[2])
    truth = "one of five lineages rises four-fold"
    what = (SAID, f"stroma: {verdicts.RISES.name}", f"{C} p")
    rows.append(Row(what, design, truth, POWER, None, rises, studies, REPORTED))
    what = (SAID, f"stroma: {verdicts.FALLS.name}")
    said = f"{truth}; the others, which fall by {2 / len(SHARES):g} (log2) relative to all"
    rows.append(Row(what, design, said, POWER, None, **clustered(np.array(falls), n - 1), bound=REPORTED))
    what = (SAID, f"stroma: {verdicts.RISES.name}")
    others = clustered(np.array(wrong), n - 1)
    rows.append(Row(what, design, f"{truth}; the others", VERDICT, LEVEL, **others, bound=AT_MOST))
    rows.append(Row(INTERVAL, design, f"{truth}; its own", COVERAGE, 0.95, sum(covered), studies, AROUND))
    return rows


def draw_pairs(rng: np.random.Generator, models: int, effect: float, common: float) -> tuple[pd.DataFrame, np.ndarray]:
    """Return pairs.tsv of a study, and the true mean change of each of its pairs.

    Changes of genes in a model have standard deviation 0.7 (log2), of which ``common`` is a factor that half of the
    genes of a side share, up or down. Ten of the ligands rise by ``effect`` (log2).
    """
    sheet, host, tumour, sums, cells = [], {}, {}, {}, {}
    level = rng.normal(3.5, 1.2, (2, GENES))
    weight = rng.choice([0.0, 1.0, -1.0], (2, GENES), p=[0.5, 0.25, 0.25])
    planted = np.zeros((2, GENES))
    planted[0, :10] = effect
    for model in range(models):
        factor = rng.normal(size=2)
        own = rng.normal(0, 0.7 * np.sqrt(1 - common), (2, GENES))
        shared = 0.7 * np.sqrt(common) * weight * factor[:, None] * np.sqrt(2)
        for timepoint, depth in (("u", 1.0), ("p", 0.4)):
            moved = (planted + own + shared) * (timepoint == "p")
            mean = np.exp(level + np.log(2) * moved + rng.normal(0, 0.2, (2, GENES)))
            sample = f"M{model}{timepoint}"
            tumour[sample] = rng.poisson(5 * mean[0])
            sums["L", sample], cells["L", sample] = rng.poisson(depth * mean[1]).astype(float), 50
            sheet.append((sample, f"M{model}", timepoint, timepoint))
    labels = pd.DataFrame(sheet, columns=["sample", "model", "timepoint", "arm"]).set_index("sample")
    genes = pd.Index([f"G{i}" for i in range(GENES)])
    host = pairs.sum_lineages(sums, cells, genes, labels["model"], 10, 0)
    known = pd.DataFrame(
        {"ligand": [f"G{i % 60}" for i in range(PAIRS)], "receptor": [f"G{60 + i % 100}" for i in range(PAIRS)]}
    )
    found = pairs.score(
        pairs.express(pd.DataFrame(tumour, index=genes).T),
        host,
        labels,
        known.drop_duplicates().assign(source="x"),
        {gene: gene for gene in genes},
        "u",
        "p",
    )
    number = found["ligand"].str[1:].astype(int).to_numpy()
    side = (found["direction"] == "stroma to tumour").to_numpy().astype(int)
    return found, planted[side, number] / 2


def pair_rows(quick: bool, models: int, common: float) -> list[Row]:
    """Return the rates of pairs in studies without an effect, and with ten ligands of the tumour that rise."""
    studies, rows = (4 if quick else 30), []
    kind = f"{common:.0%} of variance shared" if common else "genes independent"
    design = f"{models} × (1+1), 300 pairs; {kind}"
    rng = np.random.default_rng([2, models, int(100 * common)])
    hits, tests, random_hits, covered, any_call, low = [], [], [], [], 0, []
    for _ in range(studies):
        found, truth = draw_pairs(rng, models, 0.0, common)
        hits.append((found["p"] <= LEVEL).sum())
        random_hits.append((found["random_share"] <= LEVEL).sum())
        covered.append(((found["ci_low"] <= truth) & (truth <= found["ci_high"])).sum())
        tests.append(len(found))
        third = found[found["score_baseline"] <= found["score_baseline"].quantile(1 / 3)]
        low.append(((third["p"] <= LEVEL).sum(), len(third)))
        any_call += (found["fdr"] <= LEVEL).any()
    truth = "no mean change; models differ by sd 0.7 (log2)"
    note = "the larger of two p-values"
    own = clustered(np.array(hits), tests)
    rows.append(Row((f"{P} p",), design, truth, TYPE_1, LEVEL, **own, bound=AT_MOST, note=note))
    own = clustered(*np.array(low).T)
    note = f"{note}; the third of the lowest scores"
    rows.append(Row((f"{P} p",), design, f"{truth}; low scores", TYPE_1, LEVEL, **own, bound=AT_MOST, note=note))
    own = clustered(np.array(random_hits), tests)
    rows.append(Row((f"{P} random_share",), design, truth, TYPE_1, LEVEL, **own, bound=AROUND))
    rows.append(Row(INTERVAL, design, truth, COVERAGE, 0.95, **clustered(np.array(covered), tests), bound=AROUND))
    what = (f"{P} fdr",)
    rows.append(Row(what, design, f"{truth}; any", FALSE_DISCOVERIES, LEVEL, any_call, studies, AT_MOST))
    power, false = [], []
    for _ in range(studies):
        found, changed = draw_pairs(rng, models, 3.0, common)
        called = found["fdr"] <= LEVEL
        power.append((called & (changed != 0)).sum() / max((changed != 0).sum(), 1))
        false.append((called & (changed == 0)).sum() / max(called.sum(), 1))
    truth = "ten ligands of the tumour rise eight-fold"
    rows.append(
        Row((f"{P} p", f"{P} fdr"), design, truth, POWER, None, **clustered(np.array(power), 1), bound=REPORTED)
    )
    own = clustered(np.array(false), 1)
    rows.append(Row(what, design, truth, FALSE_DISCOVERIES, LEVEL, **own, bound=AT_MOST))
    return rows


def rows(quick: bool) -> list[Row]:
    """Return the rates of the stage stroma."""
    found = [row for models in (3, 5, 8) for row in share_rows(quick, models)]
    for models, common in ((3, 0.0), (5, 0.0), (5, 0.5), (8, 0.5)):
        found += pair_rows(quick, models, common)
    return found
