"""Published signatures (scripts/published): p-values, intervals and verdicts, where it is known what lists share."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
from simulators.published import (
    BLOCK,
    NAMES,
    WIDE,
    WIDE_BLOCK,
    change_and_list,
    list_blocks,
    list_genes,
    make_coexpression,
    make_module_targets,
    make_targets,
    simulate,
)

from calibration.row import (
    AT_MOST,
    COVERAGE,
    FALSE_DISCOVERIES,
    POWER,
    REPORTED,
    TYPE_1,
    VERDICT,
    Row,
    clustered,
)
from scripts.published import places, regulators
from scripts.published.verdicts import AGREES, OPPOSITE

LEVEL, SIZE, EACH = 0.05, 100, 5
TABLE = "published/signatures.tsv"
SAID = (f"{TABLE} verdict", f"published: {AGREES.name}", f"published: {OPPOSITE.name}")
INTERVAL = (f"{TABLE} ci_low", f"{TABLE} ci_high")
AGREEMENT = ("published/agreement.tsv correlation_low", "published/agreement.tsv correlation_high")
MODELS = (3, 5, 8)


def compare(patients, lists: dict[str, pd.Series]) -> pd.DataFrame:
    """Return the table of published lists; the study's own signature plays no part in what is judged."""
    sources = pd.DataFrame("", index=list(lists), columns=["paper", "cancer", "drug"])
    own = pd.Series(1.0, index=NAMES[:SIZE])
    return places.place(patients.changes, lists, sources, patients.mean, own, LEVEL)[0]


def of_lists(quick: bool) -> list[Row]:
    """Return the rates of lists whose genes don't change, of random lists, and of lists that follow."""
    found, studies = [], 6 if quick else 100
    for n in MODELS:
        design = f"{n} × (1+1)"
        rng = np.random.default_rng([19, n])
        tables = []
        for _ in range(studies):
            patients = simulate(rng, n, moving=0.0)
            tables.append(compare(patients, {f"s{i}": list_blocks(rng, 5) for i in range(EACH)}))
        still = "no gene changes; lists of co-expressed genes"
        hits = np.array([(table["p"] <= LEVEL).sum() for table in tables])
        found.append(Row((f"{TABLE} p",), design, still, TYPE_1, LEVEL, **clustered(hits, EACH)))
        any_of = sum(bool((table["fdr"] <= LEVEL).any()) for table in tables)
        said = f"{still}; any of {EACH}"
        found.append(Row((f"{TABLE} fdr",), design, said, FALSE_DISCOVERIES, LEVEL, any_of, studies, AT_MOST))
        held = np.array([((table["ci_low"] <= 0) & (table["ci_high"] >= 0)).sum() for table in tables])
        found.append(Row(INTERVAL, design, still, COVERAGE, 0.95, **clustered(held, EACH)))
        tables, held = [], []
        for _ in range(studies):
            patients = simulate(rng, n, moving=0.3)
            lists = {f"s{i}": list_genes(rng, patients.effect, SIZE, 0.0) for i in range(EACH)}
            tables.append(compare(patients, lists))
        random = "a third of the genes change; random lists"
        hits = np.array([table["verdict"].isin([AGREES.name, OPPOSITE.name]).sum() for table in tables])
        found.append(Row(SAID, design, random, VERDICT, LEVEL, **clustered(hits, EACH), bound=AT_MOST))
        hits = []
        for _ in range(studies):
            patients = simulate(rng, n, moving=0.3)
            lists = {f"s{i}": list_genes(rng, patients.effect, SIZE, 0.5) for i in range(EACH)}
            table = compare(patients, lists).set_index("signature")
            true = {name: places.change_of(pd.Series(patients.effect, NAMES), own, patients.mean).shift
                    for name, own in lists.items()}  # fmt: skip
            value = table.index.map(true)
            held.append(int(((table["ci_low"] <= value) & (table["ci_high"] >= value)).sum()))
            hits.append(int((table["verdict"] == AGREES.name).sum()))
        follow = "half of the genes of a list follow the programme"
        found.append(Row(INTERVAL, design, follow, COVERAGE, 0.95, **clustered(np.array(held), EACH)))
        found.append(Row(SAID[:2], design, follow, POWER, None, **clustered(np.array(hits), EACH), bound=REPORTED))
    return found


def of_regulators(quick: bool) -> list[Row]:
    """Return how often the interval of the agreement of regulators holds the true correlation.

    The true one is 0 for a list without relation; otherwise it is the mean over the simulated studies.
    """
    found, studies = [], 20 if quick else 400
    kinds = {
        "families of four share half of their targets": (make_targets, BLOCK),
        f"{WIDE} modules; the targets of a factor lie in one": (make_module_targets, WIDE_BLOCK),
    }
    for factors, share, (kind, (make, block)) in product((40,) if quick else (40, 80), (0.0, 0.5), kinds.items()):
        rng = np.random.default_rng([21, factors, int(10 * share), block.max()])
        ends = []
        for _ in range(studies):
            targets = make(rng, factors)
            change, signs = change_and_list(rng, share, block=block)
            together = make_coexpression(rng, block)
            mean = pd.Series(rng.normal(8, 2, len(NAMES)), index=NAMES)
            score = regulators.score_factors(signs, targets, mean)
            own = [change[genes.index].mean() + 0.1 * rng.normal() for genes in targets.values()]
            study = pd.DataFrame({"regulon": list(targets), "score": own}, index=list(targets))
            ends.append(regulators.compare_rankings({"s": score}, study, targets, together)[1].iloc[0])
        # Where families happen to share a module there may be too few blocks for an interval.
        table = pd.DataFrame(ends).dropna(subset=["correlation_low"])
        true = float(table["correlation"].mean()) if share else 0.0
        hits = int(((table["correlation_low"] <= true) & (table["correlation_high"] >= true)).sum())
        truth = f"changes of both systems correlate by {share:g}; {kind}"
        found.append(Row(AGREEMENT, f"{factors} factors", truth, COVERAGE, 0.95, hits, len(table)))
    return found


def rows(quick: bool) -> list[Row]:
    """Return the rows of published signatures; ``quick``: fewer trials."""
    return [*of_lists(quick), *of_regulators(quick)]
