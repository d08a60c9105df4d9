"""Doublets of one species: their number, estimated from mixed droplets or the kit, and the cells that are doublets."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from scripts.cells import doublet_scores
from scripts.cells.species import SpeciesCalls

MAX_RATE = 0.4
"""Maximum plausible doublet rate. If mixed droplets imply more, they aren't due to loading alone."""
NEXT_GEM_RATE, GEM_X_RATE = 0.008, 0.004
"""Doublets per droplet and 1,000 cells recovered: 10x Genomics' user guides CG000315 (Next GEM 3' v3.1) and CG000731
(GEM-X 3' v4)."""
MORE_DROPLETS = {"v4", "5p_v3", "v3_ht", "5p_v2_ht"}
"""Kits (values of `reads.chemistry`) whose chips make more droplets, so that half as many contain two cells: GEM-X and
the high-throughput (HT) kits (CG000416)."""


@dataclass(frozen=True)
class DoubletRate:
    """Doublets ``per_droplet`` with cells, and ``among_graft``: graft-called droplets with two graft cells.

    ``low`` and ``high`` bound ``per_droplet`` (95 %, from the number of mixed droplets); NaN if it was not measured.
    """

    per_droplet: float
    among_graft: float
    low: float
    high: float
    source: str


def kit_of(chemistry: dict) -> str:
    """Return the kit in the config (only it distinguishes HT kits), or else the whitelist of the barcodes."""
    return chemistry["chemistry"] if chemistry["configured"] == "auto" else chemistry["configured"]


def rate_of_kit(kit: str) -> float:
    """Return the doublets per droplet and 1,000 cells recovered, by kit; Next GEM's if it is unknown."""
    return GEM_X_RATE if kit in MORE_DROPLETS else NEXT_GEM_RATE


def among_graft(per_droplet: float, graft_share: float) -> float:
    """Return the doublets among droplets called graft, by the share of graft cells, if cells pair at random."""
    d, p = per_droplet, graft_share
    return d * p / (1 - d * (1 - p)) if p > 0 else 0.0


def among_host(per_droplet: float, kinds: tuple[float, float, float]) -> float:
    """Return the doublets among droplets called host, by the numbers of graft, host and mixed droplets."""
    n = sum(kinds)
    return among_graft(per_droplet, (kinds[1] + kinds[2] / 2) / n) if n else 0.0


def implied_rate(n_graft: float, n_host: float, n_mixed: float) -> DoubletRate:
    """Return the doublet rate that mixed droplets imply.

    With doublet rate d and graft share p of the cells, a droplet is graft with probability (1 − d)p + dp², and mixed
    with probability m = 2dp(1 − p). So p is the share of graft droplets plus half that of mixed ones, and d = m / 2p(1
    − p) (Bloom 2018, PeerJ 6:e5578). Bounds: Wilson's interval of m.
    """
    n = n_graft + n_host + n_mixed
    m, p = n_mixed / n, (n_graft + n_mixed / 2) / n
    cross = 2 * p * (1 - p)
    z = 1.96
    centre, half = m + z**2 / (2 * n), z * np.sqrt(m * (1 - m) / n + z**2 / (4 * n**2))
    low, high = ((centre + sign * half) / (1 + z**2 / n) / cross for sign in (-1, 1))
    return DoubletRate(m / cross, among_graft(m / cross, p), float(low), float(high), "mixed droplets")


def expected_rate(
    n_graft: float,
    n_host: float,
    n_mixed: float,
    *,
    n_droplets: int,
    rate: float | str,
    rate_per_1000_cells: float,
    min_species_fraction: float,
) -> DoubletRate:
    """Return the doublet rate: the given one or, for ``auto``, the estimate from mixed droplets or from the loading.

    Mixed droplets are uninformative if one species is rarer than ``min_species_fraction``. Then, or if they imply more
    than ``MAX_RATE``, the rate is ``rate_per_1000_cells`` × ``n_droplets`` / 1,000. The numbers of graft, host and
    mixed droplets may be sums of probabilities.
    """
    n = n_graft + n_host + n_mixed
    share = (n_graft + n_mixed / 2) / n if n else 1.0
    if rate != "auto":
        return DoubletRate(float(rate), among_graft(float(rate), share), float("nan"), float("nan"), "config")
    loading = min(MAX_RATE, rate_per_1000_cells * n_droplets / 1000)
    if n and min(share, 1 - share) >= min_species_fraction:
        implied = implied_rate(n_graft, n_host, n_mixed)
        if implied.per_droplet <= MAX_RATE:
            return implied
    return DoubletRate(loading, among_graft(loading, share), float("nan"), float("nan"), "cells loaded")


def count_kinds(calls: SpeciesCalls, modelled: SpeciesCalls) -> tuple[float, float, float]:
    """Return the numbers of graft, host and mixed droplets from which doublets are estimated.

    They are sums of the ambient model's probabilities, if it could be fitted. A simple cut would call small cells with
    much ambient RNA mixed.
    """
    if modelled.posterior is not None:
        graft, host, mixed, _ = modelled.posterior.sum(axis=0)
        return float(graft), float(host), float(mixed)
    graft, host, mixed = (float((calls.calls == name).sum()) for name in ("graft", "host", "mixed"))
    return graft, host, mixed


@dataclass(frozen=True)
class Found:
    """Doublets among the cells of one species: score and flag per cell, the score from which cells are flagged, the
    expected number, the share of planted doublets that is found (NaN before :func:`plant`), and a note.
    """

    scores: np.ndarray
    flagged: np.ndarray
    threshold: float
    expected: float
    detected: float
    note: str

    @property
    def left(self) -> float:
        """Expected number of doublets that remain: those missed, at the rate at which planted doublets are missed."""
        return self.expected * (1 - self.detected)


def find(counts: sparse.csr_matrix, rate: float, settings: dict, *, seed: int, what: str) -> Found:
    """Return the doublets among cells × genes of one species, of which a share ``rate`` should be doublets.

    ``settings``: the section doublets of the config; ``what``: a word for the cells in notes. :func:`plant` estimates
    how many are left, once the ambient RNA of the cells is known.
    """
    n = counts.shape[0]
    expected = rate * n
    nothing = np.full(n, np.nan), np.zeros(n, bool), float("inf"), expected, 0.0
    if not settings["enabled"]:
        return Found(*nothing, "doublet detection is off")
    if n < settings["min_cells"]:
        return Found(*nothing, f"{n} {what} cells, fewer than {settings['min_cells']}: no doublet scores")
    own = {"method": settings["method"], "rate": rate, "seed": seed}
    scores, threshold, note = doublet_scores.score(counts, **own)
    flagged = doublet_scores.flag_doublets(scores, threshold)
    return Found(scores, flagged, threshold, expected, float("nan") if flagged.any() else 0.0, note)


def plant(
    found: Found, counts: sparse.csr_matrix, rate: float, settings: dict, *, seed: int, ambient: np.ndarray
) -> Found:
    """Return the doublets found, with the share of planted doublets that is found.

    ``counts``, ``rate``, ``settings``: as given to :func:`find`; ``ambient``: ambient share of each cell's UMIs. If it
    is unknown, planted doublets keep all ambient UMIs, and the number of doublets left is slightly underestimated.
    """
    if not found.flagged.any():
        return found
    known = ambient[np.isfinite(ambient)]
    own = {
        "method": settings["method"],
        "rate": rate,
        "seed": seed,
        "ambient": float(np.median(known)) if len(known) else 0.0,
    }
    return replace(found, detected=doublet_scores.share_found(counts, found.flagged, **own))
