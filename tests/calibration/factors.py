"""Activity of a network's factors over models (scripts/activity/infer_activity.py): p, fdr and interval."""

from __future__ import annotations

import numpy as np
import pandas as pd

from calibration.row import COVERAGE, TYPE_1, Row, clustered
from scripts.activity import factor_activity, infer_activity
from scripts.profiles.profiles import Profiles

TABLE = "activity/tf_activity.tsv"
CONTRAST = {"baseline": "untreated", "persister": "persister", "relapse": None}


def rows(quick: bool) -> list[Row]:
    """Return type I error and coverage of factors, some of which have targets that vary together."""
    found, n_genes, n_factors = [], 1500, 40
    genes = [f"g{i}" for i in range(n_genes)]
    for n in (5,) if quick else (3, 5, 8):
        rng, hits = np.random.default_rng([n, 41]), []
        for _ in range(6 if quick else 60):
            targets = [rng.choice(n_genes, 30, replace=False) for _ in range(n_factors)]
            rows = [(f"T{place:02d}", genes[gene], 1.0) for place, own in enumerate(targets) for gene in own]
            network = pd.DataFrame(rows, columns=["source", "target", "weight"])
            base = rng.normal(6, 1, n_genes)
            values = base + rng.normal(0, 0.35, (2 * n, n_genes))
            for own in targets[1::2]:
                values[:, own] += rng.normal(0, 0.23, (2 * n, 1))
            table = pd.DataFrame(values, [f"s{i}" for i in range(2 * n)], genes)
            scores = factor_activity.infer(table, factor_activity.usable_network(network, genes))["consensus"]
            pair = [f"P{i}" for i in range(n)]
            samples = pd.DataFrame({"model": pair + pair, "block": pair + pair, "arm": "drug"}, table.index)
            samples["timepoint"] = ["untreated"] * n + ["persister"] * n
            over = infer_activity.over_models(scores, Profiles(table, table, samples), CONTRAST).set_index("tf")
            over = over.reindex([f"T{place:02d}" for place in range(n_factors)])
            small = (over["p"] <= 0.05).to_numpy()
            held = ((over["ci_low"] <= 0) & (over["ci_high"] >= 0)).to_numpy()
            hits.append([(own[0::2].sum(), own[1::2].sum()) for own in (small, held)])
        for kind, what in enumerate(("apart", "together")):
            truth = f"no effect; factors with targets that vary {what}, next to others"
            names = (
                ((f"{TABLE} p", f"{TABLE} fdr"), TYPE_1, 0.05),
                ((f"{TABLE} ci_low", f"{TABLE} ci_high"), COVERAGE, 0.95),
            )
            for place, (what, quantity, level) in enumerate(names):
                rates = clustered(np.array([own[place][kind] for own in hits]), n_factors // 2)
                found.append(Row(what, f"{n} × (1+1)", truth, quantity, level, **rates))
    return found
