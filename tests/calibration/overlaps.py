"""Targets that belong to a known programme or to another network's regulon, and verdicts made of them
(scripts/switches/targets.py, scripts/activity/compare_networks.py).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from calibration.row import AT_MOST, POWER, REPORTED, TYPE_1, VERDICT, Row
from scripts.activity import compare_networks
from scripts.activity.terms import AGREE
from scripts.switches import targets

LEVEL = 0.05
GENES = [f"g{i}" for i in range(2000)]
SIZES = {"stress": 100, "s": 40, "g2m": 55, "hypoxia": 50}
TARGETS = 40
NOTE = "targets are drawn from all genes alike: the p-value speaks of two lists of genes, not of patients"
P = ("switches/overlaps.tsv p", "switches/overlaps.tsv fdr", "* stress_fdr", "* cycle_fdr", "* hypoxia_fdr")
CARRIES = ("* carries",)
SHARED_P = ("* shared_p", "* shared_fdr")
AGREEMENT = ("* agreement",)


def edges_of(rng: np.random.Generator, regulons: int, inside: list[str] = (), share: float = 0.0) -> pd.DataFrame:
    """Return regulons of :data:`TARGETS` random targets, a share of them from ``inside``."""
    rows = []
    for number in range(regulons):
        own = int(share * TARGETS)
        chosen = [*rng.choice(inside, own, replace=False)] if own else []
        rest = [gene for gene in rng.permutation(GENES) if gene not in set(inside if own else [])]
        chosen += rest[: TARGETS - own]
        rows += [(f"T{number}(+)", f"T{number}", gene, 1.0) for gene in chosen]
    return pd.DataFrame(rows, columns=["regulon", "tf", "target", "weight"])


def sets_of(rng: np.random.Generator) -> dict[str, dict[str, str]]:
    """Return random programmes of the sizes of those that are known."""
    genes = rng.permutation(GENES)
    starts = np.cumsum([0, *SIZES.values()])
    return {
        name: dict.fromkeys(genes[start : start + size], "")
        for (name, size), start in zip(SIZES.items(), starts, strict=False)
    }


def rows(quick: bool) -> list[Row]:
    """Return the rates of overlaps by chance, of what a programme carries, and of the agreement of two networks."""
    studies, regulons, n = (6, 30, 5) if quick else (60, 60, 5)
    hits = trials = shared = pairs = carried = asked = explained = known = agreed = judged = 0
    for seed in range(studies):
        rng = np.random.default_rng([21, seed])
        sets, edges = sets_of(rng), edges_of(rng, regulons)
        table = targets.overlap(edges, sets, pd.Index(GENES))
        hits, trials = hits + int((table["p"] <= LEVEL).sum()), trials + int(table["p"].notna().sum())
        stress = list(sets["stress"])
        for moving, others in ((True, True), (True, False)):
            # Half of the targets are stress genes; the others rise as well, or stay as they are.
            own = edges_of(rng, 10, stress, 0.45)
            changes = pd.DataFrame(rng.normal(0, 0.3, (n, len(GENES))), columns=GENES)
            changes[stress] += 1.0 * moving
            if others:
                changes[sorted(set(own["target"]) - set(stress))] += 1.0
            found = targets.overlap(own, sets, pd.Index(GENES))
            found = targets.judge_overlap(found, own, sets, changes, fdr=LEVEL).query("programme == 'stress'")
            called = int((found["carries"] == "yes").sum())
            if others:
                carried, asked = carried + called, asked + len(found)
            else:
                explained, known = explained + called, known + len(found)
        other = edges_of(rng, regulons)
        network = other.rename(columns={"tf": "source"}).assign(weight=1.0)
        noise = {name: rng.uniform(size=regulons) for name in ("model", "regulon")}
        factors = pd.DataFrame(
            {"tf": [f"T{i}" for i in range(regulons)], "score": rng.normal(size=regulons), "n_models": n}
        )
        factors = factors.assign(effect=factors["score"], fdr=noise["model"], mrna_log_fc=0.0, mrna_fdr=1.0)
        effects = pd.DataFrame({"regulon": [f"T{i}(+)" for i in range(regulons)], "effect": rng.normal(size=regulons)})
        effects = effects.assign(fdr=noise["regulon"], k=n, n=n)
        both = compare_networks.compare(factors, effects, edges, network, set(GENES), LEVEL)
        shared, pairs = shared + int((both["shared_p"] <= LEVEL).sum()), pairs + int(both["shared_p"].notna().sum())
        agreed, judged = agreed + int((both["agreement"] == AGREE).sum()), judged + len(both)
    return [
        Row(P, "40 targets of 2,000 genes", "targets by chance", TYPE_1, LEVEL, hits, trials, AT_MOST, NOTE),
        Row(
            CARRIES, "5 × (1+1)", "half the targets are stress genes, all targets rise", VERDICT, LEVEL, carried, asked,
            AT_MOST, "said to be carried by stress",
        ),
        Row(
            CARRIES, "5 × (1+1)", "half the targets are stress genes, which alone rise", POWER, None, explained, known,
            REPORTED, "said to be carried by stress",
        ),
        Row(SHARED_P, "40 targets of 2,000 genes", "targets by chance", TYPE_1, LEVEL, shared, pairs, AT_MOST, NOTE),
        Row(
            AGREEMENT, "two networks", "no factor changes in either", VERDICT, LEVEL, agreed, judged, AT_MOST,
            "said to agree",
        ),
    ]  # fmt: skip
