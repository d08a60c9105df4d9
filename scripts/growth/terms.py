"""Terms in the stage's tables that are used by figures and report; importable in any environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

CYCLING, RESTING = "cycling", "not cycling"
"""Cells called S or G2/M, and cells called G1 (Tirosh et al. 2016)."""
LIKE, UNLIKE = "persister-like", "untreated-like"
"""Cells above, and cells up to, the stated quantile of the signature's score among the model's own baseline cells."""
PHASES = ("G1", "S", "G2M")
FOUR = tuple(f"{programme}, {cycle}" for programme in (UNLIKE, LIKE) for cycle in (RESTING, CYCLING))
"""The reference of the log ratios first."""
PHASE, PROGRAMME = "phase", "programme and cycle"
PARTITIONS = {PHASE: PHASES, PROGRAMME: FOUR}
"""Partitions of a sample's cells → their states."""
RATIOS = {
    f"{CYCLING} : {RESTING}": (PHASES[1:], PHASES[:1]),
    "S : G1": (("S",), ("G1",)),
    "G2M : G1": (("G2M",), ("G1",)),
    f"{LIKE} : {UNLIKE}": (FOUR[2:], FOUR[:2]),
    **{f"{state} : {FOUR[0]}": ((state,), FOUR[:1]) for state in FOUR[1:]},
    f"{CYCLING} : {RESTING}, among {LIKE}": (FOUR[3:], FOUR[2:3]),
}
"""Log ratios → states in the numerator, and in the denominator (the reference)."""
MAIN = f"{CYCLING} : {RESTING}"
AMONG = f"{CYCLING} : {RESTING}, among {LIKE}"
TESTED = tuple(list(RATIOS)[:3])
"""Ratios of states that were defined without this study's samples. The programme was learned from the same comparison:
a p-value of its shares would be circular."""
SHARES = [
    "sample", "model", "timepoint", "arm", "partition", "state", "n_cells", "cells", "share", "share_se",
    "median_counts", "used",
]  # fmt: skip
CHANGES = [
    "comparison", "timepoint", "headline", "arm", "ratio", "tested", "n", "k", "share_baseline", "share_treated",
    "effect", "ci_low", "ci_high", "spread", "t", "p", "fdr",
]  # fmt: skip
CLUSTERS = [
    "model", "timepoint", "cluster", "lineage", "n_cells", "cells", "share", "share_se", "cycling", "persister_like",
    "log2_change", "log2_change_se",
]  # fmt: skip
GROUPS = ("cycling", "resting")
"""Cells called S or G2/M, and cells called G1: as columns of :data:`SWITCHES` begin."""
PHASED = ("effect", "low", "high", "n", "cells", "p", "fdr")
SWITCHES = [
    "feature", "kind", "tf", "switch", "verdict", *(f"{group}_{name}" for group in GROUPS for name in PHASED),
    "less_in_resting_p", "less_in_resting_fdr", "less_in_cycling_p", "less_in_cycling_fdr",
]  # fmt: skip
RARE = "rare"
"""Label of cells of clusters that no model has to a share worth comparing; they count among all cells."""
ALL = "all clusters"
"""Reference of common clusters: the geometric mean of all clusters' shares (centred log ratio)."""
COMMON_CELLS = ["cell", "sample", "model", "timepoint", "arm", "cluster"]
COMMON = ["cluster", "cells", "models", "cycling", "persister_like", "genes"]
COMMON_SHARES = ["sample", "model", "timepoint", "arm", "cluster", "n_cells", "cells", "share", "used"]
COMMON_CHANGES = [
    "contrast", "cluster", "reference", "verdict", "n_models", "k", "share_baseline", "share_treated", "effect",
    "ci_low", "ci_high", "p", "fdr",
]  # fmt: skip
NAMING = 3
"""Genes in a common cluster's name."""


def name_clusters(clusters: pd.DataFrame) -> dict[str, str]:
    """Return the name of each common cluster: its number and first genes."""
    genes = clusters["genes"].fillna("").str.split(", ").str[:NAMING].str.join(", ")
    numbers = clusters["cluster"].astype(str)
    return {number: f"{number}: {own}" if own else number for number, own in zip(numbers, genes, strict=True)}
