"""Gene sets (scripts/expression/enrichment.py): a paired t over models of each set's mean change against other genes.

Compared in the same studies with exact flips of whole models' signs and with camera (Wu & Smyth 2012, by pylimma).
Camera takes genes for the replicates.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from calibration.row import AT_LEAST, COVERAGE, POWER, REPORTED, TYPE_1, Row, clustered
from scripts.expression import enrichment
from scripts.stats import flips

TABLE = "expression/gene_sets.tsv"
P, ENDS = (f"{TABLE} p", f"{TABLE} fdr"), (f"{TABLE} ci_low", f"{TABLE} ci_high")
FLIPS, CAMERA = ("gene sets: exact flips of whole models' signs",), ("gene sets: camera",)
LEVEL, N_SETS, SIZE, OTHERS, MOVED = 0.05, 40, 25, 500, 4
SHIFTS = {3: 0.8, 5: 0.5, 8: 0.3, 25: 0.2}
"""Models → shift of the moved sets' genes (log2), such that power is neither none nor full."""
NAMES = [f"g{i}" for i in range(N_SETS * SIZE + OTHERS)]
SETS = [NAMES[i * SIZE : (i + 1) * SIZE] for i in range(N_SETS)]
DRAWS = 2_000
"""Flips where all are more."""
COMPARED = "for comparison; printed is the paired t"


def draw(rng: np.random.Generator, n: int, r: float, moved: int, studies: int) -> Iterator[pd.DataFrame]:
    """Yield changes of studies, models × genes; genes of a set correlate by ``r``, the first ``moved`` sets shift."""
    for _ in range(studies):
        common = np.repeat(rng.normal(size=(n, N_SETS)), SIZE, axis=1)
        common = np.column_stack([common, rng.normal(size=(n, OTHERS))])
        scale = 0.5 * np.sqrt(6 / rng.chisquare(6, len(NAMES)))
        values = (np.sqrt(r) * common + np.sqrt(1 - r) * rng.normal(size=common.shape)) * scale
        values[:, : moved * SIZE] += SHIFTS[n]
        yield pd.DataFrame(values, [f"P{i}" for i in range(n)], NAMES)


def flipped(changes: pd.DataFrame) -> np.ndarray:
    """Return the p-value of each set by flips of whole models' signs: the share with a mean as large."""
    values = enrichment.changes_of_sets(changes, SETS).to_numpy()
    signs = flips.signs(len(values), 0, DRAWS)[0]
    means = np.abs(signs @ values)
    return (means >= means[0] * (1 - flips.TOLERANCE)).mean(axis=0)


def by_camera(changes: pd.DataFrame) -> np.ndarray:
    """Return camera's p-value of each set, with the correlation between genes estimated."""
    from pylimma import camera

    places = {f"{place:02d}": np.arange(place * SIZE, (place + 1) * SIZE) for place in range(N_SETS)}
    found = camera(changes.to_numpy().T, places, np.ones((len(changes), 1)), inter_gene_cor=None)
    return found["p_value"].reindex(list(places)).to_numpy()


def of_p(what: tuple[str, ...], n: int, r: float, null: np.ndarray, moved: np.ndarray, **more) -> list[Row]:
    """Return type I error and power of p-values (studies × sets) without and with sets that shift."""
    truth = f"correlation between genes of a set {r:g}"
    rates = clustered((null <= LEVEL).sum(axis=1), N_SETS)
    level = {"level": None, "bound": REPORTED, "note": COMPARED} if what != P else {"level": LEVEL}
    found = [Row(what, f"{n} × (1+1)", f"no effect; {truth}", TYPE_1, **level, **rates)]
    rates = clustered((moved[:, :MOVED] <= LEVEL).sum(axis=1), MOVED)
    level = more if what == P else level
    return [*found, Row(what, f"{n} × (1+1)", f"{MOVED} sets shift by {SHIFTS[n]:g}; {truth}", POWER, **level, **rates)]


def compared_rows(n: int, r: float, studies: tuple[int, int], cameras: int) -> list[Row]:
    """Return the rates of the paired t, of flips and of camera (in the first ``cameras`` studies of each kind)."""
    rng = np.random.default_rng([n, round(100 * r), 42])
    kinds = [list(draw(rng, n, r, moved, many)) for moved, many in zip((0, MOVED), studies, strict=True)]
    tables = [[enrichment.over_patients(own, SETS) for own in kind] for kind in kinds]
    null, moved = (np.array([table["p"] for table in own]) for own in tables)
    by_flips = [np.array([flipped(own) for own in kind]) for kind in kinds]
    # A paired t should find at least what flips find; where flips of so few models reach no .05, that is nothing.
    power = float((by_flips[1][:, :MOVED] <= LEVEL).mean())
    note = "should be: exact flips of whole models' signs in the same studies"
    found = of_p(P, n, r, null, moved, level=power, bound=AT_LEAST, note=note)
    inside = np.array([((table["ci_low"] <= 0) & (table["ci_high"] >= 0)).sum() for table in tables[0]])
    truth = f"no effect; correlation between genes of a set {r:g}"
    found.append(Row(ENDS, f"{n} × (1+1)", truth, COVERAGE, 1 - LEVEL, **clustered(inside, N_SETS)))
    found += of_p(FLIPS, n, r, *by_flips)
    if cameras:
        found += of_p(CAMERA, n, r, *(np.array([by_camera(own) for own in kind[:cameras]]) for kind in kinds))
    return found


def unlike_rows(n: int, studies: int) -> list[Row]:
    """Return type I error and coverage by kind of set where one collection holds sets whose genes vary together and
    sets whose genes don't.
    """
    found, others = [], 1000
    names = [f"g{i}" for i in range(N_SETS * SIZE + others)]
    sets = [names[i * SIZE : (i + 1) * SIZE] for i in range(N_SETS)]
    rng, parts = np.random.default_rng([n, 40]), []
    for _ in range(studies):
        values = rng.normal(size=(n, len(names)))
        for place in range(1, N_SETS, 2):
            own = slice(place * SIZE, (place + 1) * SIZE)
            values[:, own] = np.sqrt(0.3) * rng.normal(size=(n, 1)) + np.sqrt(0.7) * values[:, own]
        changes = pd.DataFrame(0.5 * values, [f"P{i}" for i in range(n)], names)
        parts.append(enrichment.over_patients(changes, sets).assign(place=range(N_SETS)))
    table = pd.concat(parts)
    for kind, r in ((0, 0.0), (1, 0.3)):
        own = table[table["place"] % 2 == kind]
        truth = f"no effect; sets of correlation 0 and 0.3 in one collection; those of {r:g}"
        hits, inside = (own["p"] <= LEVEL).sum(), ((own["ci_low"] <= 0) & (own["ci_high"] >= 0)).sum()
        found.append(Row(P, f"{n} × (1+1)", truth, TYPE_1, LEVEL, hits, len(own)))
        found.append(Row(ENDS, f"{n} × (1+1)", truth, COVERAGE, 1 - LEVEL, inside, len(own)))
    return found


def rows(quick: bool) -> list[Row]:
    """Return the rates of this topic."""
    if quick:
        return [*compared_rows(8, 0.3, (15, 10), 2), *unlike_rows(5, 20)]
    found = []
    for n in (3, 5, 8, 25):
        for r in (0.0, 0.02, 0.1, 0.3):
            found += compared_rows(n, r, (60, 40), 4 if n in (5, 8) else 0)
        found += unlike_rows(n, 60)
    return found
