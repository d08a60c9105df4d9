"""Copy numbers of a library's cells from expression along the genome, with the library's own normal cells as reference.

Expression relative to the reference is averaged along each chromosome arm (infercnvpy, after Patel et al. 2014). Whole
arms are gained or lost, whereas the genes of a lineage are scattered over all arms. The variation between arms is
therefore compared with that within arms, so that differences between normal lineages aren't called gains or losses.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse, special

ARMS = Path(__file__).parents[2] / "resources" / "genome" / "arms.tsv"
MIN_REFERENCE, MIN_CANDIDATES = 10, 10
"""Minimum number of reference cells, and of candidate cells, for inference. A mean over fewer cells is too noisy."""
MIN_GENES = 1_500
"""Minimum number of genes with a position, as for clones (:mod:`scripts.confounders.clones`)."""
SEEN = 0.05
"""Minimum share of cells that express a gene."""
WINDOW, STEP = 100, 10
"""Window and step of the moving average, in genes (infercnvpy's defaults)."""
CHUNK = 1_000
"""Number of cells converted to a dense matrix at a time."""
LEVEL = 0.01
"""Significance level of the test that arms differ by more than the windows within them."""
SURE = 0.95
"""Probability from which a cell is called malignant or normal; other cells are unsure."""
ROUNDS = 20


@dataclass(frozen=True)
class CopyNumbers:
    """Evidence of copy numbers on the candidates.

    Parameters
    ----------
    state
        ``found``: arms are gained or lost in some candidates. ``none``: measured, but no arm differs. ``not
        measured``: too few genes or cells.
    probability
        Probability per cell of the tumour's gains and losses (reference cells as well); NaN unless ``found``.
    score
        Position of each cell between the normal cells (0) and the cells with the tumour's gains and losses (1).
    p
        p-value of the null hypothesis that arms differ by no more than the windows within them.
    note
        What was found, or why nothing was measured.
    """

    state: str
    probability: np.ndarray
    score: np.ndarray
    p: float
    note: str


def read_arms(path: Path = ARMS) -> pd.DataFrame:
    """Return arm (``1p`` … ``22q``) and start of human genes, by symbol."""
    return pd.read_csv(path, sep="\t", dtype={"symbol": str, "arm": str, "start": int}).set_index("symbol")


def windows_along_arms(log: sparse.csr_matrix, places: pd.DataFrame, groups: np.ndarray) -> tuple:
    """Return expression relative to the reference, cells × windows, and the arm of each window.

    ``log``: log-normalised cells × genes; ``places``: arm and start of each gene; ``groups``: a reference cell's
    lineage, else empty. With several lineages of enough cells, values within the range of their means are set to zero,
    so that genes of a single lineage have no effect.
    """
    import anndata
    import infercnvpy

    var = pd.DataFrame({
        "chromosome": ("chr" + places["arm"]).to_numpy(),
        "start": places["start"].to_numpy(),
        "end": places["start"].to_numpy() + 1,
    }, index=[f"g{i}" for i in range(len(places))])  # fmt: skip
    data = anndata.AnnData(log.astype(np.float32), var=var)
    names, sizes = np.unique(groups[groups != ""], return_counts=True)
    chosen = names[sizes >= MIN_REFERENCE]
    rows = [groups == name for name in chosen] if len(chosen) else [groups != ""]
    reference = np.vstack([np.asarray(log[own].mean(axis=0)).ravel() for own in rows]).astype(np.float32)
    infercnvpy.tl.infercnv(
        data, reference=reference, window_size=WINDOW, step=STEP, dynamic_threshold=None, exclude_chromosomes=None,
        chunksize=CHUNK, n_jobs=1,
    )  # fmt: skip
    starts = data.uns["cnv"]["chr_pos"]
    profile = np.asarray(data.obsm["X_cnv"].todense(), dtype=np.float64)
    arms = np.empty(profile.shape[1], dtype=object)
    for name, start in sorted(starts.items(), key=lambda item: item[1]):
        arms[start:] = name
    return profile, arms.astype(str)


@dataclass(frozen=True)
class Arms:
    """Means of arms (cells × arms), independent windows of each arm, and the variance between windows within arms."""

    means: np.ndarray
    windows: np.ndarray
    inside: np.ndarray
    spare: float


def measure_arms(profile: np.ndarray, arms: np.ndarray) -> Arms:
    """Return means and variances by arm. Every tenth window is treated as independent, as these share no gene."""
    names = np.unique(arms)
    means, windows, residual, spare = [], [], np.zeros(len(profile)), 0
    for name in names:
        own = profile[:, arms == name]
        apart = own[:, :: WINDOW // STEP]
        means.append(own.mean(axis=1))
        windows.append(apart.shape[1])
        residual += ((apart - apart.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
        spare += apart.shape[1] - 1
    table = np.column_stack(means)
    size = np.array(windows, dtype=float)
    centre = (table * size).sum(axis=1, keepdims=True) / size.sum()
    return Arms(table - centre, size, residual / max(spare, 1), float(spare))


def test_arms(profile: np.ndarray, arms: np.ndarray) -> float:
    """Return the p-value of an F-test that the arms of one profile differ by more than the windows within them."""
    found = measure_arms(profile[None, :], arms)
    n = len(found.windows) - 1
    between = (found.windows * found.means[0] ** 2).sum() / max(n, 1)
    return float(special.fdtrc(n, found.spare, between / found.inside[0])) if found.spare >= 2 and n else np.nan


def separate(arms: Arms, is_reference: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return each cell's score, and its probability of having gains and losses.

    A mixture of two states along the line from normal to changed cells is fitted by expectation maximisation. Reference
    cells are normal by definition. A cell's own contribution to the mean of the changed cells is left out of its score.
    The spread along the line is the same in both states, and increases with a cell's own variance within arms.
    """
    values, weight = arms.means, arms.windows / arms.windows.sum()
    noise = np.maximum(arms.inside, 1e-12)
    chance = np.where(is_reference, 0.0, 1.0)
    share, score = 0.5, np.zeros(len(values))
    precision = 1 / noise
    for _ in range(ROUNDS):
        # Cells with more UMIs have less noise and more weight.
        own = (chance * precision)[:, None]
        rest = ((1 - chance) * precision)[:, None]
        if own.sum() <= 0 or rest.sum() <= 0:
            break
        normal = (rest * values).sum(axis=0) / rest.sum()
        without = np.maximum(own.sum() - own, 1e-9)
        changed = ((own * values).sum(axis=0) - own * values) / without
        line = changed - normal
        length = np.maximum((weight * line**2).sum(axis=1), 1e-12)
        score = (weight * (values - normal) * line).sum(axis=1) / length
        relative = noise / noise.mean()
        middle = [np.average(score, weights=part) for part in ((1 - chance) / relative, chance / relative)]
        spread = sum(
            (part * (score - at) ** 2 / relative).sum() for part, at in zip((1 - chance, chance), middle, strict=True)
        )
        variance = max(spread / len(score), 1e-9) * relative
        odds = ((score - middle[0]) ** 2 - (score - middle[1]) ** 2) / (2 * variance)
        before = chance
        chance = 1 / (1 + (1 - share) / share * np.exp(-np.clip(odds, -500, 500)))
        chance[is_reference] = 0.0
        share = float(np.clip(chance[~is_reference].mean(), 0.01, 0.99))
        if np.abs(chance - before).max() < 1e-4:
            break
    # For reference cells too: their probability if their lineage were unknown.
    chance = 1 / (1 + (1 - share) / share * np.exp(-np.clip(odds, -500, 500)))
    return (score - middle[0]) / max(middle[1] - middle[0], 1e-9), chance


def infer(log: sparse.csr_matrix, symbols: pd.Index, groups: np.ndarray, *, left_out: set[str]) -> CopyNumbers:
    """Return the evidence of copy numbers on cells × genes (log-normalised).

    ``groups``: the lineage of each reference cell, empty for a candidate; ``left_out``: marker genes that defined the
    reference, which differ between reference and candidates by construction.
    """
    places = read_arms().reindex(symbols)
    n, blank = log.shape[0], np.full(log.shape[0], np.nan)
    is_reference = groups != ""
    seen = np.asarray((log > 0).mean(axis=0)).ravel() >= SEEN if n else np.zeros(len(symbols), dtype=bool)
    usable = places["arm"].notna().to_numpy() & seen & ~np.isin(symbols.astype(str), list(left_out))
    usable &= ~symbols.duplicated()
    sizes = places.loc[usable, "arm"].value_counts()
    usable &= places["arm"].isin(sizes.index[sizes >= WINDOW]).to_numpy()

    def nothing(state: str, note: str, p: float = np.nan) -> CopyNumbers:
        return CopyNumbers(state, blank, blank, p, note)

    if usable.sum() < MIN_GENES:
        return nothing(
            "not measured", f"{int(usable.sum())} placed genes are detected in 5 % of cells, {MIN_GENES} are needed"
        )
    if is_reference.sum() < MIN_REFERENCE:
        return nothing("not measured", f"{int(is_reference.sum())} normal cells by markers, {MIN_REFERENCE} are needed")
    if (~is_reference).sum() < MIN_CANDIDATES:
        return nothing("not measured", f"{int((~is_reference).sum())} cells to judge, {MIN_CANDIDATES} are needed")
    profile, arms = windows_along_arms(log[:, usable].tocsr(), places[usable], groups)
    score, chance = separate(measure_arms(profile, arms), is_reference)
    changed, normal = ~is_reference & (chance >= SURE), is_reference | (chance <= 1 - SURE)
    if changed.sum() < MIN_CANDIDATES:
        return nothing("none", "no group of cells has gained or lost arms")
    p = test_arms(profile[changed].mean(axis=0) - profile[normal].mean(axis=0), arms)
    if np.isnan(p):
        return nothing("not measured", "too few windows of genes per arm for a comparison")
    if not p <= LEVEL:
        return nothing("none", f"arms differ no more than the windows within them (p {p:.2g})", p)
    return CopyNumbers(
        "found", chance, score, p, f"{int(changed.sum())} cells with gains or losses of arms (p {p:.2g})"
    )
