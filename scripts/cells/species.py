"""Call the species of each droplet with a cell: graft, host, or mixed (a droplet with cells of both).

There are three rules. ``threshold`` cuts the graft fraction. ``mixture`` fits Gaussians to it. ``ambient`` tests for
each droplet whether a second cell of typical size explains the UMIs of the other species better than the library's
ambient RNA. Cell Ranger's rule is given for comparison.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.special import logsumexp

from scripts.cells.species_model import (
    CellSize,
    CrossTalk,
    ambient_log_likelihood,
    cell_log_likelihood,
    fit_cross_talk,
    fit_size,
)

RULES = ("threshold", "mixture", "ambient", "cellranger")
CELLRANGER_PERCENTILE = 10
"""Cell Ranger: a droplet is a multiplet if each species reaches this percentile of the droplets in which it has more
UMIs."""
MIN_DROPLETS = 20
"""Minimum number of droplets of each species for estimates of ambient RNA and cell sizes."""
SMALLEST_CELL = 0.01
"""Quantile of the single cells' sizes that is the minimum cell size, so that tiny cells don't explain ambient RNA."""
MIXTURE_SURE, MIXTURE_DISTANCE = 0.95, 3.0
"""Minimum posterior probability, and maximum distance (s.d.), for a droplet to belong to one of two Gaussians."""
COMPONENTS = ("graft", "host", "mixed", "ambient")


@dataclass(frozen=True)
class SpeciesCalls:
    """``calls``: graft, host or mixed per droplet; ``posterior``: droplets × COMPONENTS (ambient model only)."""

    calls: np.ndarray
    posterior: np.ndarray | None = None
    model: dict = field(default_factory=dict)
    note: str = ""


def graft_fraction(graft: np.ndarray, host: np.ndarray) -> np.ndarray:
    """Return graft UMIs / all UMIs per droplet (NaN if a droplet has none)."""
    graft, host = np.asarray(graft, dtype=float), np.asarray(host, dtype=float)
    total = graft + host
    return np.divide(graft, total, out=np.full(len(total), np.nan), where=total > 0)


def call_by_threshold(graft: np.ndarray, host: np.ndarray, *, graft_min: float, host_max: float) -> np.ndarray:
    """Call graft above ``graft_min``, host at or below ``host_max``, mixed between (Baudre et al. 2025 keep > 0.75)."""
    fraction = graft_fraction(graft, host)
    return np.select([fraction > graft_min, fraction <= host_max], ["graft", "host"], "mixed").astype(object)


def call_by_cellranger(graft: np.ndarray, host: np.ndarray) -> np.ndarray:
    """Call as Cell Ranger does: mixed if each species reaches the tenth percentile of the droplets it dominates."""
    graft, host = np.asarray(graft), np.asarray(host)
    calls = np.where(host > graft, "host", "graft").astype(object)
    if (graft > host).any() and (host > graft).any():
        graft_cut = np.percentile(graft[graft > host], CELLRANGER_PERCENTILE)
        host_cut = np.percentile(host[host > graft], CELLRANGER_PERCENTILE)
        calls[(graft >= graft_cut) & (host >= host_cut)] = "mixed"
    return calls


def call_by_mixture(graft: np.ndarray, host: np.ndarray, *, graft_min: float, host_max: float) -> SpeciesCalls:
    """Call by a Gaussian mixture on the log odds of graft UMIs, initialised with the thresholds' three groups.

    A group of fewer than ``MIN_DROPLETS`` has no Gaussian. Without droplets of both species, the thresholds' calls are
    returned. Each fitted Gaussian is labelled by the graft fraction at its mean (the middle one often fits small host
    cells in much soup). If none is labelled mixed, a droplet is mixed if it belongs to neither species with probability
    ``MIXTURE_SURE`` or lies ``MIXTURE_DISTANCE`` from both. All droplets beyond the outermost mean of a species are of
    that species. Otherwise a wide middle Gaussian would include both tails.
    """
    from sklearn.mixture import GaussianMixture

    start = call_by_threshold(graft, host, graft_min=graft_min, host_max=host_max)
    odds = np.log((np.asarray(graft, dtype=float) + 0.5) / (np.asarray(host, dtype=float) + 0.5))
    names = [name for name in ("host", "mixed", "graft") if (start == name).sum() >= MIN_DROPLETS]
    if not {"graft", "host"} <= set(names):
        return SpeciesCalls(
            start, note=f"fewer than {MIN_DROPLETS} droplets of one species: thresholds used instead of a mixture"
        )
    groups = [odds[start == name] for name in names]
    fit = GaussianMixture(
        len(names),
        weights_init=np.array([len(g) for g in groups]) / sum(len(g) for g in groups),
        means_init=np.array([[g.mean()] for g in groups]),
        precisions_init=np.array([[[1 / max(g.var(), 0.01)]] for g in groups]),
        max_iter=500,
        reg_covar=0.01,
    ).fit(odds[:, None])
    means = fit.means_.ravel()
    fractions = 1 / (1 + np.exp(-means))
    label = np.select([fractions > graft_min, fractions <= host_max], ["graft", "host"], "mixed")
    chance = fit.predict_proba(odds[:, None])
    by_name = np.stack([chance[:, label == name].sum(axis=1) for name in COMPONENTS[:3]], axis=1)
    calls = np.array(COMPONENTS[:3], dtype=object)[by_name.argmax(axis=1)]
    if "mixed" not in label:
        distance = np.abs(odds[:, None] - means) / np.sqrt(fit.covariances_.ravel())
        calls[(by_name.max(axis=1) < MIXTURE_SURE) | (distance.min(axis=1) > MIXTURE_DISTANCE)] = "mixed"
    if "host" in label:
        calls[odds <= means[label == "host"].min()] = "host"
    if "graft" in label:
        calls[odds >= means[label == "graft"].max()] = "graft"
    parts = sorted(zip(means.tolist(), label.tolist(), fit.weights_.tolist(), strict=True))
    return SpeciesCalls(
        calls, model={"gaussians": [{"log_odds": m, "species": name, "share": w} for m, name, w in parts]}
    )


def kind_log_likelihoods(
    graft: np.ndarray,
    host: np.ndarray,
    in_graft: CrossTalk,
    in_host: CrossTalk,
    graft_size: CellSize,
    host_size: CellSize,
) -> np.ndarray:
    """Return droplets × COMPONENTS: the log-probability of both species' UMIs in each kind of droplet."""
    graft_floor, host_floor = np.full_like(graft, in_host.floor), np.full_like(host, in_graft.floor)
    beside_host, beside_graft = in_host.mean(host), in_graft.mean(graft)
    kinds = [
        (
            cell_log_likelihood(graft, graft_floor, in_host, graft_size),
            ambient_log_likelihood(host, beside_graft, in_graft),
        ),
        (
            ambient_log_likelihood(graft, beside_host, in_host),
            cell_log_likelihood(host, host_floor, in_graft, host_size),
        ),
        (
            cell_log_likelihood(graft, beside_host, in_host, graft_size),
            cell_log_likelihood(host, beside_graft, in_graft, host_size),
        ),
        (ambient_log_likelihood(graft, graft_floor, in_host), ambient_log_likelihood(host, host_floor, in_graft)),
    ]
    return np.stack([of_graft + of_host for of_graft, of_host in kinds], axis=1)


def call_by_ambient(
    graft: np.ndarray, host: np.ndarray, *, graft_min: float, host_max: float, rounds: int = 100
) -> SpeciesCalls:
    """Call by whether ambient RNA or a second cell better explains the UMIs of the minor species.

    A droplet contains a graft cell, a host cell, one of each, or ambient RNA alone. Ambient UMIs of a species follow a
    negative binomial distribution with a floor (the soup in every droplet) plus a share of the other species' UMIs
    (:class:`CrossTalk`, estimated from droplets of the other species). A cell adds a log-normal number of UMIs
    (:class:`CellSize`, estimated from droplets of its own species). Weights and parameters are fitted by expectation
    maximisation, starting from the thresholds' calls.

    Two rules restrict the calls, but not the posterior (whose sum estimates the number of mixed droplets). First,
    droplets that ambient RNA alone explains best keep the thresholds' call. Second, if the thresholds call a species,
    only a second cell can change the call, and only if both species reach the percentile of
    :func:`call_by_cellranger`. A smaller second cell can't be distinguished from much ambient RNA by its size.
    """
    graft, host = np.asarray(graft, dtype=float), np.asarray(host, dtype=float)
    start = call_by_threshold(graft, host, graft_min=graft_min, host_max=host_max)
    is_graft, is_host = start == "graft", start == "host"
    if min(is_graft.sum(), is_host.sum()) < MIN_DROPLETS:
        # With so much ambient RNA, small cells appear mixed. Start from the species with more UMIs instead.
        is_graft, is_host = graft > host, graft < host
    if min(is_graft.sum(), is_host.sum()) < MIN_DROPLETS:
        note = f"{is_graft.sum()} graft and {is_host.sum()} host droplets: fewer than {MIN_DROPLETS} of one; "
        return SpeciesCalls(start, note=note + "thresholds used instead of the ambient model")
    posterior = np.stack([is_graft, is_host, ~(is_graft | is_host), np.zeros(len(start), bool)], axis=1).astype(float)
    in_graft, in_host = fit_cross_talk(host, graft, posterior[:, 0]), fit_cross_talk(graft, host, posterior[:, 1])
    single_graft = np.maximum(graft[is_graft] - in_host.floor, 1.0)
    single_host = np.maximum(host[is_host] - in_graft.floor, 1.0)
    least_graft, least_host = np.quantile(single_graft, SMALLEST_CELL), np.quantile(single_host, SMALLEST_CELL)
    share = np.maximum(posterior.mean(axis=0), 0.01)
    share /= share.sum()
    previous = -np.inf
    for _ in range(rounds):
        in_graft = fit_cross_talk(host, graft, posterior[:, 0], in_graft)
        in_host = fit_cross_talk(graft, host, posterior[:, 1], in_host)
        graft_size = fit_size(graft - in_host.floor, posterior[:, 0], least_graft)
        host_size = fit_size(host - in_graft.floor, posterior[:, 1], least_host)
        log = np.log(share) + kind_log_likelihoods(graft, host, in_graft, in_host, graft_size, host_size)
        evidence = logsumexp(log, axis=1)
        # Kept above zero, so that averages are defined for components without droplets.
        posterior = np.maximum(np.exp(log - evidence[:, None]), 1e-12)
        share = np.maximum(posterior.mean(axis=0), 1e-6)
        share /= share.sum()
        if abs(evidence.sum() - previous) < 1e-6 * len(graft):
            break
        previous = evidence.sum()
    calls = np.array(COMPONENTS, dtype=object)[posterior.argmax(axis=1)]
    simple = call_by_threshold(graft, host, graft_min=graft_min, host_max=host_max)
    overturned = (calls == "mixed") & (call_by_cellranger(graft, host) == "mixed")
    keep_simple = (calls == "ambient") | ((simple != "mixed") & ~overturned)
    calls[keep_simple] = simple[keep_simple]
    model = {
        "share": dict(zip(COMPONENTS, share.tolist(), strict=True)),
        "ambient_host_umis": in_graft.floor,
        "ambient_graft_umis": in_host.floor,
        "host_umis_per_graft_umi": in_graft.slope,
        "graft_umis_per_host_umi": in_host.slope,
        "median_graft_cell": float(np.exp(graft_size.log_mean)),
        "median_host_cell": float(np.exp(host_size.log_mean)),
    }
    return SpeciesCalls(calls, posterior, model)


def call_species(
    graft: np.ndarray, host: np.ndarray, *, method: str, graft_min: float, host_max: float
) -> SpeciesCalls:
    """Call the species of droplets by one of ``RULES``."""
    if method == "threshold":
        return SpeciesCalls(call_by_threshold(graft, host, graft_min=graft_min, host_max=host_max))
    if method == "mixture":
        return call_by_mixture(graft, host, graft_min=graft_min, host_max=host_max)
    if method == "ambient":
        return call_by_ambient(graft, host, graft_min=graft_min, host_max=host_max)
    if method == "cellranger":
        return SpeciesCalls(call_by_cellranger(graft, host))
    raise ValueError(f"unknown species rule {method}: one of {', '.join(RULES)}")


def tabulate_rules(rules: dict[str, SpeciesCalls]) -> pd.DataFrame:
    """Return per rule the droplets called graft, host and mixed, and those that the model assigns to ambient RNA."""
    rows = []
    for rule, found in rules.items():
        alone = (
            0 if found.posterior is None else int((found.posterior.argmax(axis=1) == COMPONENTS.index("ambient")).sum())
        )
        row = {
            "rule": rule,
            "droplets": len(found.calls),
            **{name: int((found.calls == name).sum()) for name in COMPONENTS[:3]},
        }
        rows.append({**row, "ambient_alone": alone, "note": found.note})
    return pd.DataFrame(rows)
