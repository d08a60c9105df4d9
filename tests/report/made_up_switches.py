"""Made-up results of the stages activity and switches."""

from __future__ import annotations

import numpy as np
import pandas as pd
from made_up import ARMS, CONTRAST, FACTORS, MODELS, SWITCHED, samples

from scripts.switches.evidence import join_perturbations


def switches() -> pd.DataFrame:
    """Return the ranked factors; SOX10 has no relapse, no knock-out, and no shared change."""
    rows = []
    for rank, (tf, change) in enumerate(FACTORS.items(), 1):
        shared = tf in SWITCHED
        rows.append(
            {
                "tf": tf,
                "regulon": f"{tf}(+)",
                "verdict": "shared switch" if shared else "no shared change",
                "direction": "up" if change > 0 else "down",
                "n": 3,
                "k": 3,
                "effect": change / 10,
                "activity_change_sd": change,
                "activity_change_sd_low": change - 0.3,
                "activity_change_sd_high": change + 0.3,
                "loo_min_effect": abs(change) - 0.1,
                "targets": 20 + rank,
                "mrna_log2fc": change / 2,
                "mrna_ci_low": change / 2 - 0.2,
                "mrna_ci_high": change / 2 + 0.2,
                "mrna": "follows",
                "relapse_position": 0.1 if shared else np.nan,
                "on_difference": change / 4,
                "signature_enrichment_log2": 2.0 - rank,
                "perturbation_level": "" if not shared else "zero" if change > 0 else "untreated",
                "perturbation_share": 0.1 * (4 - rank) if shared else np.nan,
                "perturbation_change": -0.1,
                "perturbation_k": 3,
                "perturbation_n": 3,
                "perturbation_targets_change": 0.3,
                "perturbation_classed_before": 0.9,
                "perturbation_classed_after": 0.8,
                "evidence_rank": rank,
                "rank_best": max(1, rank - 1),
                "rank_worst": rank + 1,
                "n_evidence": 4 if shared else 3,
                "evidence_missing": "" if shared else "knock-out",
            }
        )
    return pd.DataFrame(rows)


def perturbations() -> dict[str, pd.DataFrame]:
    """Return what silencing does."""
    rows = [
        {
            "model": model,
            "tf": tf,
            "out_degree": 20,
            "programme_shift": 1.0 + i,
            "zero_change": -0.2 * (1 + i),
            "untreated_change": -0.4 * (1 + i),
            "targets_change": 0.3,
        }
        for i, model in enumerate(MODELS)
        for tf in SWITCHED
    ]
    every = [{**row, "model": "all models"} for row in rows[: len(SWITCHED)]]
    joined = pd.DataFrame(every + rows)
    joint = join_perturbations.shares_of(joined)
    return {"perturbation.tsv": joined, "perturbation_shares.tsv": joint}


def families() -> pd.DataFrame:
    """Return nine families that are better than AP-1, and AP-1, which has two members."""
    others = [
        {"family": f"F{i}", "members": f"F{i}a,F{i}b", "activity_change_sd": 3 - i / 10, "n": 3, "k": 3}
        for i in range(9)
    ]
    ap1 = {
        "family": "AP-1",
        "members": "FOSL1,JUNB",
        "activity_change_sd": 1.6,
        "activity_change_sd_low": 1.2,
        "n": 3,
        "k": 3,
        "activity_change_sd_high": 2.0,
        "targets": 34,
        "shared_targets": 7,
    }
    return pd.DataFrame([*others, ap1])


def activity() -> dict[str, pd.DataFrame]:
    """Return differences and effects of the regulons, by model and arm."""
    differences = [
        {
            "contrast": CONTRAST,
            "model": model,
            "arm": ARMS[model],
            "regulon": f"{tf}(+)",
            "n_baseline": 1,
            "n_treated": 1,
            "activity_change_sd": v,
        }
        for model in MODELS
        for tf, v in FACTORS.items()
    ]
    effects = [
        {
            "contrast": CONTRAST,
            "arm": arm,
            "regulon": f"{tf}(+)",
            "n": 2,
            "k": 2,
            "activity_change_sd": v,
            "activity_change_sd_low": v - 0.2,
            "activity_change_sd_high": v + 0.2,
        }
        for arm in ("all arms", "AC", "cisplatin")
        for tf, v in FACTORS.items()
    ]
    means = [
        {**row, "regulon": f"{tf}(+)", "activity": v}
        for row in samples("scrna").to_dict("records")
        for tf, v in FACTORS.items()
    ]
    return {
        "differences.tsv": pd.DataFrame(differences),
        "effects.tsv": pd.DataFrame(effects),
        "activity.tsv": pd.DataFrame(means),
    }
