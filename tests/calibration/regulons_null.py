"""Regulons against exchanged motifs (scripts/scenic/exchange.py): p and the expected share of false ones."""

from __future__ import annotations

import numpy as np
import pandas as pd

from calibration.row import AT_MOST, FALSE_DISCOVERIES, FAMILY_WISE, POWER, REPORTED, TYPE_1, Row, clustered
from scripts.scenic import exchange
from scripts.scenic.modules import ACTIVATING, Module
from scripts.scenic.rankings import Database

LEVEL, SHARE = 0.05, 0.1
P = ("regulons/*/exchanged.tsv p", "regulons/support.tsv p")
FALSE = ("* false_share",)
SIZE, MODULES = 60, 3
SETTINGS = {"rank_threshold": 250, "auc_threshold": 0.05, "nes_threshold": 2.0}
NOTE = (
    "over all factors tested; most have no regulon and p = 1, so that p is small for most regulons that are found: "
    "which of them to believe is what the expected false share says"
)


def study(
    rng: np.random.Generator, factors: int, true: int, genes: int = 1000
) -> tuple[list[Module], Database, pd.DataFrame]:
    """Return modules, rankings and annotations: modules of ``true`` factors lean to the top of their own motif, and
    all lean to a few motifs of nobody in particular, as modules of one expression programme do.
    """
    names = [f"T{i:03d}" for i in range(factors)]
    motifs = [f"m{i}" for i in range(3 * factors)]
    ranks = np.array([rng.permutation(genes) for _ in motifs], dtype=np.int16)
    # From one to four motifs a factor; the rest is nobody's.
    numbers = rng.integers(1, 5, factors)
    owned = np.split(rng.permutation(len(motifs)), np.cumsum(numbers))[:factors] if numbers.sum() <= len(motifs) else []
    owned = [own for own in owned if len(own)]
    rows = [(name, motifs[m]) for name, own in zip(names, owned, strict=False) for m in own]
    told = {"motif_similarity_qvalue": 0.0, "orthologous_identity": 1.0, "annotation": "direct"}
    annotations = pd.DataFrame(rows, columns=["tf", "motif"]).assign(**told)
    columns = np.array([f"g{i}" for i in range(genes)], dtype=object)
    programmes = rng.choice(len(motifs), 6, replace=False)
    modules = []
    for number, name in enumerate(names):
        leaning = [ranks[rng.choice(programmes)]]
        if number < true and number < len(owned):
            leaning.append(ranks[owned[number][0]])
        for criterion in range(MODULES):
            score = rng.gumbel(size=genes)
            for rank in leaning:
                score += rng.uniform(0.5, 1.5) * (rank < genes // 20)
            best = np.argsort(-score)[:SIZE]
            modules.append(Module(name, f"c{criterion}", ACTIVATING, columns[best], np.ones(SIZE)))
    database = Database("made", tuple(columns), tuple(motifs), np.ascontiguousarray(ranks.T), genes)
    return modules, database, annotations


def judged(rng: np.random.Generator, factors: int, true: int) -> tuple[pd.DataFrame, int]:
    """Return the regulons of a simulated group, and how many factors were tested."""
    modules, database, annotations = study(rng, factors, true)
    run = exchange.find_candidates(modules, [database], annotations, **SETTINGS)
    table, _ = exchange.against_exchange([run], annotations, {m.tf for m in modules}, {}, min_targets=5)
    return table, annotations["tf"].nunique()


ALL = "all regulons kept in all groups together: groups without a regulon count for nothing"
FEW = f"{ALL}, so that the share is high where few factors are true and most groups keep none"


def false_rows(truth: str, false: np.ndarray, kept: np.ndarray, few: bool) -> list[Row]:
    """Return the rates of false regulons among the ``kept`` (both by group): mean share of a group, which is 0 where
    none is kept, and share of all together; ``few``: true factors are too few for a promise on the latter.
    """
    share = np.divide(false, kept, out=np.zeros(len(kept)), where=kept > 0)
    return [
        Row(FALSE, "one group of cells, mean share", truth, FALSE_DISCOVERIES, SHARE, **clustered(share, 1),
            bound=AT_MOST),
        Row(FALSE, "groups of cells together", truth, FALSE_DISCOVERIES, None if few else SHARE,
            **clustered(false, kept), bound=REPORTED if few else AT_MOST, note=FEW if few else ALL),
    ]  # fmt: skip


def rows(quick: bool) -> list[Row]:
    """Return the rates of p where motifs say nothing, and of false regulons where they say something of some."""
    found = []
    for factors, studies in ((40, 6),) if quick else ((40, 40), (120, 5)):
        hits, trials, any_kept = [], [], 0
        for seed in range(studies):
            table, tested = judged(np.random.default_rng([31, factors, seed]), factors, 0)
            hits.append(int((table["p"] <= LEVEL).sum()))
            trials.append(tested)
            any_kept += bool((table["false_share"] <= SHARE).any())
        truth = f"modules of {factors} factors lean to programmes; motifs say nothing of factors"
        found.append(
            Row(P, "one group of cells", truth, TYPE_1, LEVEL, **clustered(np.array(hits), np.array(trials)),
                bound=AT_MOST, note=NOTE)
        )  # fmt: skip
        found.append(
            Row(FALSE, "one group of cells", truth, FAMILY_WISE, SHARE, any_kept, studies, bound=AT_MOST,
                note="groups in which a regulon is kept at that limit")
        )  # fmt: skip
        for true in (factors // 8, factors // 4, factors // 2):
            false, kept, right = [], [], 0
            for seed in range(studies):
                table, _ = judged(np.random.default_rng([32, factors, true, seed]), factors, true)
                table = table[table["false_share"] <= SHARE]
                real = table["tf"].isin([f"T{i:03d}" for i in range(true)])
                kept.append(len(table))
                false.append(int((~real).sum()))
                right += int(real.sum())
            truth = f"the own motif is enriched in the modules of {true} of {factors} factors"
            found += false_rows(truth, np.array(false, dtype=float), np.array(kept, dtype=float), true < factors // 4)
            found.append(Row(FALSE, "one group of cells", truth, POWER, None, right, studies * true, bound=REPORTED))
    return found
