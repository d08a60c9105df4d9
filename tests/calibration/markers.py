"""Markers: the interval of the AUC across left-out models, and the p-value over models of the whole procedure."""

from __future__ import annotations

import numpy as np
from scipy import stats

from calibration import designs
from calibration.row import AROUND, AT_LEAST, AT_MOST, COVERAGE, POWER, REPORTED, TYPE_1, VERDICT, Row
from scripts.markers import assays, genes, panels
from scripts.stats.intervals import share_interval

PANELS = "markers/markers_panels.tsv"
N_GENES, SIZES, WAYS = 60, [1, 5], 19
P_DESIGNS = (
    (3, (1, 1), 30, 0, 600, 50),
    (4, (5, 1), 20, 0, 400, 0),
    (5, (1, 1), 20, 0, 400, 50),
    (8, (1, 1), 12, 4, 250, 40),
    (8, (3, 3), 12, 0, 250, 0),
    (25, (1, 1), 0, 0, 25, 0),
)
"""Models, samples of each state, and studies without and with markers: of a quick and of a full run."""
MORE = (
    (designs.STUDY, designs.DESIGNS[designs.STUDY], 0.6, 0.1, 60),
    ("8 × (1+1)", [(1, 1)] * 8, 0.0, 0.1, 60),
    ("8 × (1+1)", [(1, 1)] * 8, 0.3, 0.3, 60),
)
"""Design, samples of each model, sd between patients, correlation of genes; studies without markers of a full run."""


def design(n: int, replicates: tuple[int, int]) -> str:
    """Return a design as the table names it."""
    return f"{n} × ({replicates[0]}+{replicates[1]})"


def study(rng, n: int, replicates: tuple[int, int], *, differ: float, r: float, effect: float = 0.0) -> panels.Pairs:
    """Return untreated and persister samples of ``n`` models; changes differ by ``differ``, genes
    correlate by ``r``, and the first five rise by ``effect``.
    """
    return study_of(rng, [replicates] * n, differ=differ, r=r, effect=effect)


def study_of(rng, sizes: list[tuple[int, int]], *, differ: float, r: float, effect: float = 0.0) -> panels.Pairs:
    """Return the same; ``sizes``: untreated and persister samples of each model."""
    n = len(sizes)
    rows = [(m, s) for m, own in enumerate(sizes) for s, k in zip((-1.0, 1.0), own, strict=True) for _ in range(k)]
    model, state = np.array([m for m, _ in rows]), np.array([s for _, s in rows])
    noise = np.sqrt(r) * rng.normal(size=(len(rows), 1)) + np.sqrt(1 - r) * rng.normal(size=(len(rows), N_GENES))
    own = np.sqrt(r) * rng.normal(size=(n, 1)) + np.sqrt(1 - r) * rng.normal(size=(n, N_GENES))
    change = differ * own + effect * (np.arange(N_GENES) < 5)
    values = rng.normal(size=(n, N_GENES))[model] + 0.4 * noise + (state > 0)[:, None] * change[model]
    return panels.Pairs(values, state, model)


def p_rows(quick: bool, seed: int) -> list[Row]:
    """Return how often the p-value is .05 or less without a shared change, and with one."""
    found = []
    pool = np.ones(N_GENES, dtype=bool)
    for number, (n, replicates, *counts) in enumerate(P_DESIGNS):
        for effect, runs in zip((0.0, 1.5), counts[:2] if quick else counts[2:], strict=True):
            if not runs:
                continue
            rng = np.random.default_rng([seed, number, int(10 * effect)])
            studies = (study(rng, n, replicates, differ=0.6, r=0.1, effect=effect) for _ in range(runs))
            p = [panels.permutation_p(one, SIZES, pool, seed=i, n=WAYS)[0] for i, one in enumerate(studies)]
            few = "fewer than six models cannot reach .05" if n < 6 else ""
            truth = "five genes rise by 1.5 ± 0.6" if effect else "no shared change; models differ by sd 0.6, r = .1"
            quantity, bound = (POWER, REPORTED) if effect else (TYPE_1, AT_MOST if n < 6 else AROUND)
            hits, level = int(np.sum(np.array(p) <= 0.05)), None if effect else 0.05
            found.append(Row((f"{PANELS} p",), design(n, replicates), truth, quantity, level, hits, runs, bound, few))
    return found


def more_rows(seed: int) -> list[Row]:
    """Return how often the p-value is .05 or less without a shared change, in further designs (:data:`MORE`)."""
    found, pool = [], np.ones(N_GENES, dtype=bool)
    for number, (name, sizes, differ, r, runs) in enumerate(MORE):
        rng = np.random.default_rng([seed, number])
        studies = (study_of(rng, sizes, differ=differ, r=r) for _ in range(runs))
        p = [panels.permutation_p(one, SIZES, pool, seed=i, n=WAYS)[0] for i, one in enumerate(studies)]
        hits = int(np.sum(np.array(p) <= 0.05))
        truth = f"no shared change; models differ by sd {differ:g}, r = {r:g}"
        found.append(Row((f"{PANELS} p",), name, truth, TYPE_1, 0.05, hits, runs))
    return found


def interval_rows(trials: int, seed: int) -> list[Row]:
    """Return how often the interval of the AUC across models holds the true one, where panels are learned again.

    The true one without a shared change is one half; with one it is the mean over the studies.
    """
    found = []
    pool = np.ones(N_GENES, dtype=bool)
    for n, replicates in ((3, (1, 1)), (5, (1, 1)), (8, (3, 3)), (25, (1, 1))):
        for effect in (0.0, 0.5, 1.5):
            rng = np.random.default_rng([seed, n, int(10 * effect)])
            runs = max(15, trials * 5 // n)
            areas = []
            for _ in range(runs):
                pairs = study(rng, n, replicates, differ=0.6, r=0.1, effect=effect)
                areas.append(panels.judge(pairs, panels.nested(pairs, SIZES, pool), None)["auc_across"])
            true = float(np.mean(areas)) if effect else 0.5
            ends = np.array([share_interval(area, n) for area in areas])
            hits = int(((ends[:, 0] <= true) & (true <= ends[:, 1])).sum())
            truth = f"five genes rise by {effect:g} ± 0.6" if effect else "no shared change: AUC 0.5"
            note = "conservative: patients count as if each were all right or all wrong"
            columns = (f"{PANELS} across_low", f"{PANELS} across_high")
            found.append(Row(columns, design(n, replicates), truth, COVERAGE, 0.95, hits, runs, AT_LEAST, note))
    return found


def assay_rows(trials: int, seed: int) -> list[Row]:
    """Return how often intervals and lower limits of a panel as an assay hold, where panels are learned again.

    True shares are those of new patients: the means over the studies of what panels learned alike show when left out.
    """
    found = []
    pool = np.ones(N_GENES, dtype=bool)
    ends = ("low", "high")
    names = ("positive_untreated", "positive_persister")
    for n, replicates in ((3, (1, 1)), (5, (1, 1)), (8, (3, 3))):
        for effect in (0.5, 1.5):
            rng = np.random.default_rng([seed, n, int(10 * effect)])
            runs = max(10, trials * 5 // n)
            made = []
            for _ in range(runs):
                pairs = study(rng, n, replicates, differ=0.6, r=0.1, effect=effect)
                models = [f"m{i}" for i in range(n)]
                made.append(assays.summarise(assays.of_samples(pairs, models, panels.nested(pairs, SIZES, pool), "a")))
            true = {name: float(np.mean([one[name] for one in made])) for name in names}
            truth = f"five genes rise by {effect:g} ± 0.6"
            note = "conservative: patients count as if each were all right or all wrong"
            for name in names:
                hits = sum(one[f"{name}_low"] <= true[name] <= one[f"{name}_high"] for one in made)
                columns = tuple(f"markers/markers_assays.tsv {name}_{end}" for end in ends)
                found.append(Row(columns, design(n, replicates), truth, COVERAGE, 0.95, hits, runs, AT_LEAST, note))
            for prevalence in (0.01, 0.5):
                right = true["positive_persister"], 1 - true["positive_untreated"]
                values = assays.predictive_values(*right, prevalence)
                tables = [assays.predict("a", assays.SAMPLES, one, [prevalence]).iloc[0] for one in made]
                for kind, value in zip(("positive", "negative"), values, strict=True):
                    column = f"{kind}_predictive_value_low"
                    hits = sum(table[column] <= value for table in tables)
                    said = f"{truth}; prevalence {prevalence:g}"
                    name = (f"markers/markers_values.tsv {column}",)
                    found.append(Row(name, design(n, replicates), said, COVERAGE, 0.95, hits, runs, AT_LEAST, note))
    return found


def power_rows(trials: int, seed: int) -> list[Row]:
    """Return the power of the numbers of cells and of patients that are given, where shares are as stated."""
    found = []
    rng = np.random.default_rng([seed, 1])
    for low, high in ((0.05, 0.3), (0.2, 0.4), (0.5, 0.8)):
        n = int(assays.cells_needed(low, high))
        counts = [rng.binomial(n, share, trials) for share in (low, high)]
        angles = [2 * np.arcsin(np.sqrt(count / n)) for count in counts]
        hits = int((np.abs(angles[1] - angles[0]) / np.sqrt(2 / n) > stats.norm.isf(0.025)).sum())
        what = ("scripts/markers/assays.py: cells_needed",)
        truth = f"shares of {low:g} and {high:g}; as many cells of each sample as given ({n})"
        found.append(Row(what, "one patient", truth, POWER, None, hits, trials, REPORTED, "meant to be 0.8"))
    for mean, sd in ((0.3, 0.3), (0.1, 0.2)):
        given = mean + sd * np.array([-1.0, 0.0, 1.0])
        n = int(assays.models_needed(given))
        p = stats.ttest_1samp(mean + sd * rng.normal(size=(trials, n)), 0, axis=1).pvalue
        what = ("scripts/markers/assays.py: models_needed",)
        truth = f"differences of {mean:g} ± {sd:g}; as many patients as given ({n})"
        hits = int((p <= 0.05).sum())
        found.append(Row(what, f"{n} × (1+1)", truth, POWER, None, hits, trials, REPORTED, "meant to be 0.8"))
    return found


def rank_rows(trials: int, seed: int) -> list[Row]:
    """Return how often an AUC at a rank lies above one half without markers: as often as below it."""
    rng = np.random.default_rng([seed, 1])
    pool = np.ones(N_GENES, dtype=bool)
    above = [genes.ranked_aucs(study(rng, 5, (1, 1), differ=0.6, r=0.1), pool, 1)[0] > 0.5 for _ in range(trials)]
    truth = "no shared change: AUC of the first rank is above 0.5 in half of the studies"
    what = ("scripts/markers/genes.py: auc_at_rank",)
    return [Row(what, design(5, (1, 1)), truth, VERDICT, 0.5, sum(above), trials)]


def rows(quick: bool) -> list[Row]:
    """Return the rows of the markers; ``quick``: fewer trials."""
    more = [] if quick else more_rows(5)
    measured = [
        *p_rows(quick, 1),
        *more,
        *interval_rows(15 if quick else 150, 2),
        *rank_rows(1000 if quick else 4000, 4),
    ]
    return [*measured, *assay_rows(10 if quick else 150, 5), *power_rows(1000 if quick else 10_000, 6)]
