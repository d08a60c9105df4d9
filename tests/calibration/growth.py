"""Log ratios of states over timepoints, their trend over days, and switches in cycling and non-cycling cells
(scripts/growth).

Cells are counted: samples of 40 to 2,000 cells, whose log odds of cycling vary between patients, between samples of one
patient, and between the patients' changes. The p-values are over patients.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import special

from calibration import designs
from calibration.row import (
    AROUND,
    AT_MOST,
    COVERAGE,
    FALSE_DISCOVERIES,
    FAMILY_WISE,
    POWER,
    REPORTED,
    TYPE_1,
    VERDICT,
    Row,
    clustered,
)  # fmt: skip
from scripts.growth import cycle, states, terms, verdicts
from scripts.stats import paired, trends

LEVEL = 0.05
C, W = "growth/changes.tsv", "growth/switches_by_cycle.tsv"
DAYS = {"d33": 33.0, "d50": 50.0, "d67": 67.0}
PATIENTS, SAMPLES, CHANGES = 0.6, 0.25, 0.3
"""Standard deviations of the log odds of cycling: between patients, between samples, and of the patients' changes."""
BETWEEN, OWN = 0.3, 0.3
"""Standard deviations of the change of activity (in units of sd between cells): between patients in both groups of
cells alike, and in each group alone.
"""
CONTRAST = {"baseline": designs.BASELINE, "persister": designs.TREATED, "relapse": None, "further": []}


def draw_ratios(
    samples: pd.DataFrame, effect: np.ndarray, rng: np.random.Generator, least: int
) -> dict[str, pd.DataFrame]:
    """Return the tested log ratios, samples × studies.

    ``effect``: natural log odds of cycling added to each sample in each study.
    """
    models, codes = np.unique(samples["model"], return_inverse=True)
    shape = effect.shape
    odds = rng.normal(-0.8, PATIENTS, (len(models), shape[1]))[codes] + effect + rng.normal(0, SAMPLES, shape)
    n = np.exp(rng.uniform(np.log(least), np.log(2_000), shape)).astype(int)
    cycling = rng.binomial(n, special.expit(odds))
    s = rng.binomial(cycling, special.expit(0.3 + rng.normal(0, SAMPLES, shape)))
    counts = dict(zip(terms.PHASES, (n - cycling, s, cycling - s), strict=True))
    found = {}
    for name in terms.TESTED:
        over, under = (sum(counts[state] for state in side) for side in terms.RATIOS[name])
        found[name] = pd.DataFrame(states.log_ratio(over, under), samples.index)
    return found


def studies_of(
    n: int, effect: float, studies: int, rng: np.random.Generator, least: int, over_days: bool
) -> dict[str, pd.DataFrame]:
    """Return, by tested ratio, the summary over models of each study (rows), with fdr over the ratios.

    ``effect``: natural log odds, per doubling of the days in a trend (after a step of −1 that is no part of it).
    """
    times = {designs.BASELINE: 0.0} | (DAYS if over_days else {designs.TREATED: 1.0})
    places = [(f"m{model}", timepoint) for model in range(n) for timepoint in times]
    rows = [(f"{m}_{t}", m, t, "drug" if times[t] else designs.BASELINE) for m, t in places]
    samples = pd.DataFrame(rows, columns=["sample", "model", "timepoint", "arm"]).set_index("sample")
    day = samples["timepoint"].map(times).to_numpy()
    own = np.repeat(effect + rng.normal(0, CHANGES, (n, studies)), len(times), axis=0)
    height = np.log2(np.where(day > 0, day, 33) / 33) if over_days else np.ones(len(day))
    moved = (day > 0)[:, None] * (own * height[:, None] - (1.0 if over_days else 0.0))
    found = {}
    for name, values in draw_ratios(samples, moved, rng, least).items():
        if over_days:
            days = dict(zip(samples.index, day, strict=True))
            change = trends.slopes(values, trends.with_days(samples, days, list(DAYS)))
        else:
            change = paired.differences(values, samples, designs.BASELINE, designs.TREATED)
        unit = pd.Series(1.0, index=values.columns)
        found[name] = paired.summarise(paired.over_arms(change), unit, moderated=False)
    p = np.column_stack([table["p"] for table in found.values()])
    fdr = np.array([paired.false_discovery_rate(row) for row in p])
    return {name: table.assign(fdr=fdr[:, i]) for i, (name, table) in enumerate(found.items())}


def ratio_rows(quick: bool, over_days: bool) -> list[Row]:
    """Return type I error, coverage, family-wise error and power of changes, or of trends."""
    found = []
    for n, least in ((5, 40),) if quick else ((3, 40), (5, 40), (5, 300), (8, 40), (25, 40)):
        days = ", days 33, 50, 67" if over_days else ""
        design = f"{n} × {'(1+3)' if over_days else '(1+1)'}{days}; {least} to 2,000 cells"
        for effect in (0.0, -1.0):
            studies = 400 if quick else 4_000
            rng = np.random.default_rng([1, n, least, int(over_days), int(-10 * effect)])
            tables = studies_of(n, effect, studies, rng, least, over_days)
            main, true = tables[terms.MAIN], effect / np.log(2)
            what = f"the odds of cycling change by a factor of {np.exp(effect):.2g}"
            what = what + " per doubling of the days" if over_days else what
            truth = f"{'no change' if not effect else what}; patients' changes differ by sd {CHANGES}"
            hits = int(((main["ci_low"] <= true) & (true <= main["ci_high"])).sum())
            columns = (f"{C} ci_low", f"{C} ci_high")
            found.append(Row(columns, design, truth, COVERAGE, 0.95, hits, studies, AROUND))
            rejected = int((main["p"] <= LEVEL).sum())
            if effect:
                found.append(Row((f"{C} p",), design, truth, POWER, None, rejected, studies, REPORTED))
                continue
            found.append(Row((f"{C} p",), design, truth, TYPE_1, LEVEL, rejected, studies, AROUND))
            any_row = int((pd.concat([table["fdr"] for table in tables.values()], axis=1) <= LEVEL).any(axis=1).sum())
            note = "the three tested ratios share their cells"
            told = f"{truth}; any of 3"
            found.append(Row((f"{C} fdr",), design, told, FAMILY_WISE, LEVEL, any_row, studies, AT_MOST, note))
    return found


TRUTHS = {"null": (0.0, 0.0), "both": (1.0, 1.0), "half in resting": (1.0, 0.5), "half in cycling": (0.5, 1.0),
          "cycling alone": (1.0, 0.0), "resting alone": (0.0, 1.0)}  # fmt: skip
SHARE = {"null": 0.5, "both": 0.1, "half in resting": 0.1, "half in cycling": 0.1, "cycling alone": 0.1,
         "resting alone": 0.1}  # fmt: skip
"""Kind of regulon → share of the size of the change that cycling and non-cycling cells have; its share of regulons."""


def switches_of(n: int, features: int, size: float, rng: np.random.Generator) -> pd.DataFrame:
    """Return the table of one study, with the true changes and the kind of each regulon."""
    samples = designs.sheet([(1, 1)] * n)
    kinds = np.repeat(list(TRUTHS), [round(SHARE[kind] * features) for kind in TRUTHS])
    sign = rng.choice([-1.0, 1.0], len(kinds))
    names = [f"R{i}(+)" for i in range(len(kinds))]
    noise = designs.NOISE / np.sqrt(rng.chisquare(8.0, len(kinds)) / 8.0)
    treated = (samples["timepoint"] == designs.TREATED).to_numpy()[:, None]
    codes = samples["model"].str[1:].astype(int).to_numpy()
    # What all cells of a sample share, and what patients change by.
    common = noise * rng.normal(size=(len(samples), len(kinds)))
    shared = BETWEEN * rng.normal(size=(n, len(kinds)))
    means, true = {}, {}
    for place, group in enumerate(terms.GROUPS):
        share = np.array([TRUTHS[kind][place] for kind in kinds])
        true[group] = sign * size * share
        change = true[group] + shared + OWN * rng.normal(size=(n, len(kinds)))
        own = 0.1 * rng.normal(size=(len(samples), len(kinds)))
        means[group] = pd.DataFrame(common + own + treated * change[codes], samples.index, names)
    about = pd.DataFrame({"kind": "regulon", "tf": names, "switch": "", "sd": 1.0}, pd.Index(names, name="feature"))
    cells = {group: pd.Series(100.0, samples.index) for group in terms.GROUPS}
    table = cycle.compare(means, cells, samples, CONTRAST, about, LEVEL)
    return table.assign(truth=kinds, **{f"true_{group}": true[group] for group in terms.GROUPS})


def phase_rows(quick: bool) -> list[Row]:
    """Return the rates of changes in cycling and in non-cycling cells, and of the verdicts."""
    found = []
    for n, features, size in (
        ((5, 60, 1.5),)
        if quick
        else ((3, 60, 1.5), (5, 60, 1.5), (5, 20, 1.5), (8, 60, 1.0), (8, 60, 2.0), (25, 60, 1.0))
    ):
        studies = 12 if quick else 100
        rng = np.random.default_rng([2, n, features, int(10 * size)])
        tables = [switches_of(n, features, size, rng) for _ in range(studies)]
        design = f"{n} × (1+1), {features} regulons"
        found += rates_of_groups(tables, design, size) + rates_of_verdicts(tables, design, size)
    return found


def rate(tables: list[pd.DataFrame], hit, chosen) -> dict[str, float]:
    """Return hits, trials and error over the chosen regulons of all studies."""
    hits = [int((hit(table) & chosen(table)).sum()) for table in tables]
    return clustered(np.array(hits), np.array([int(chosen(table).sum()) for table in tables]))


def rates_of_groups(tables: list[pd.DataFrame], design: str, size: float) -> list[Row]:
    """Return type I error, coverage and false discoveries in each group of cells, and of the share of the other."""
    rows, differ = [], f"patients differ by sd {np.hypot(BETWEEN, OWN):.2g}"
    for group, other in (terms.GROUPS, terms.GROUPS[::-1]):
        p, true = f"{group}_p", f"true_{group}"
        null = rate(tables, lambda t, p=p: t[p] <= LEVEL, lambda t, true=true: t[true] == 0)
        rows.append(Row((f"{W} {p}",), design, f"no change in this group; {differ}", TYPE_1, LEVEL, **null))
        inside = rate(
            tables,
            lambda t, g=group: (t[f"{g}_low"] <= t[f"true_{g}"]) & (t[f"true_{g}"] <= t[f"{g}_high"]),
            lambda t: t["truth"] != "",
        )
        columns = (f"{W} {group}_low", f"{W} {group}_high")
        truth = f"half of the regulons change by {size:g} or {size / 2:g}; {differ}"
        rows.append(Row(columns, design, truth, COVERAGE, 0.95, **inside))
        wrong = [((t[f"{group}_fdr"] <= LEVEL) & (t[true] == 0)).sum() for t in tables]
        called = [max(int((t[f"{group}_fdr"] <= LEVEL).sum()), 1) for t in tables]
        share = clustered(np.array(wrong) / np.array(called), 1)
        rows.append(Row((f"{W} {group}_fdr",), design, truth, FALSE_DISCOVERIES, LEVEL, **share, bound=AT_MOST))
        kind = f"half in {group}"
        edge = rate(tables, lambda t, g=group: t[f"less_in_{g}_p"] <= LEVEL, lambda t, kind=kind: t["truth"] == kind)
        truth = f"a change of {size:g} in {other} cells, half of it in {group} ones; {differ}"
        rows.append(Row((f"{W} less_in_{group}_p",), design, truth, TYPE_1, LEVEL, **edge, bound=AT_MOST))
        wrong = [
            ((t[f"less_in_{group}_fdr"] <= LEVEL) & (t["truth"].isin([kind, "both"]) | (t["truth"] == "null"))).sum()
            for t in tables
        ]
        called = [max(int((t[f"less_in_{group}_fdr"] <= LEVEL).sum()), 1) for t in tables]
        share = clustered(np.array(wrong) / np.array(called), 1)
        truth = f"half of the regulons change by {size:g} or {size / 2:g}; {differ}"
        rows.append(Row((f"{W} less_in_{group}_fdr",), design, truth, FALSE_DISCOVERIES, LEVEL, **share, bound=AT_MOST))
    return rows


def rates_of_verdicts(tables: list[pd.DataFrame], design: str, size: float) -> list[Row]:
    """Return how often each verdict is given where it is false, and where it is true."""
    rows = []
    wrong = {
        verdicts.BOTH: ("cycling alone", "resting alone", "null"),
        verdicts.ONLY_CYCLING: ("both", "half in resting", "half in cycling", "resting alone", "null"),
        verdicts.ONLY_RESTING: ("both", "half in resting", "half in cycling", "cycling alone", "null"),
    }
    right = {verdicts.BOTH: "both", verdicts.ONLY_CYCLING: "cycling alone", verdicts.ONLY_RESTING: "resting alone"}
    for verdict, kinds in wrong.items():
        what = (f"{W} verdict", f"growth: {verdict.name}")
        for kind in kinds:
            own = rate(
                tables,
                lambda t, name=verdict.name: t["verdict"] == name,
                lambda t, kind=kind: t["truth"] == kind,
            )
            cycling, resting = (size * share for share in TRUTHS[kind])
            truth = f"changes of {cycling:g} in cycling and {resting:g} in other cells"
            rows.append(Row(what, design, truth, VERDICT, LEVEL, **own, bound=AT_MOST))
        own = rate(
            tables,
            lambda t, name=verdict.name: t["verdict"] == name,
            lambda t, kind=right[verdict]: t["truth"] == kind,
        )
        cycling, resting = (size * share for share in TRUTHS[right[verdict]])
        truth = f"changes of {cycling:g} in cycling and {resting:g} in other cells"
        rows.append(Row(what, design, truth, POWER, None, **own, bound=REPORTED))
    for verdict in (verdicts.NO_CHANGE, verdicts.UNCLEAR):
        for kind in ("null", "both", "cycling alone"):
            own = rate(
                tables,
                lambda t, name=verdict.name: t["verdict"] == name,
                lambda t, kind=kind: t["truth"] == kind,
            )
            cycling, resting = (size * share for share in TRUTHS[kind])
            truth = f"changes of {cycling:g} in cycling and {resting:g} in other cells"
            note = "claims nothing"
            rows.append(
                Row(
                    (f"{W} verdict", f"growth: {verdict.name}"), design, truth, POWER, None, **own, bound=REPORTED,
                    note=note,
                )
            )  # fmt: skip
    return rows


def rows(quick: bool) -> list[Row]:
    """Return the rates of the stage growth."""
    return [*ratio_rows(quick, False), *ratio_rows(quick, True), *phase_rows(quick)]
