"""Made-up results of the stage expression, and what a network and gene sets say of the same models."""

from __future__ import annotations

import numpy as np
import pandas as pd
from made_up import ARMS, CONTRAST, FACTORS, MODELS, samples

from scripts.activity import reversibility


def expression() -> dict[str, pd.DataFrame]:
    """Return what is said about genes, states, treatments and relapse; model C alone had cisplatin, A two drugs."""
    scores = samples("scrna").assign(platform="single-cell", score=[0.0, 2, 0.2] * 3, left_out=[0.0, 1.8, 0.1] * 3)
    sizes = [
        {
            "size": size,
            "left_out": name,
            "n_models": 2,
            "difference": 2.0,
            "auc": 1.0,
            "p": 0.02 if name == "all models" else np.nan,
            "null": "all 64 flips" if name == "all models" else "",
            "n_baseline": 1,
            "n_persister": 1,
        }
        for size in (10, 40)
        for name in (*MODELS, "all models")
    ]
    structure = [
        {
            "adjustment": name,
            "n_samples": 9,
            "n_models": 3,
            "n_genes": 50,
            "purity": 1.0,
            "expected": 0.6,
            "p": 0.01,
            "permutations": 99,
            "pc1_share": 0.7,
            "pc2_share": 0.1,
            "note": "unequal timepoints in A",
        }
        for name in ("blind", "known")
    ]
    places = [
        samples("scrna").assign(adjustment=name, pc1=range(9), pc2=range(9), cluster=[2, 1, 2] * 3, leaf=range(9))
        for name in ("blind", "known")
    ]
    units = [f"{model} {ARMS[model]}" for model in MODELS]
    likeness = pd.DataFrame(np.full((3, 3), 0.5) + 0.5 * np.eye(3), index=units, columns=units)
    one = "confounded: one arm only; the effect of the drug can't be separated from that of the patient"
    treatment = [
        {
            "question": "similarity of arms",
            "subject": "AC",
            "other": "cisplatin",
            "n_models": 3,
            "value": 0.5,
            "note": "confounded: no model had both; the similarity of arms cannot be separated from that of patients",
        },
        {
            "question": "similarity of models by arm",
            "subject": "same arm",
            "other": "different arms",
            "n_models": 3,
            "value": 0.2,
            "expected": 0.01,
            "p": 0.04,
        },
        {
            "question": "state x drug",
            "subject": "A",
            "other": "AC,cisplatin",
            "n_models": 1,
            "value": 0.3,
            "genes": 50,
            "changed": 5,
            "signature_genes": 10,
            "signature_changed": 2,
            "signature_value": 0.1,
        },
        *({"question": "state x drug", "subject": m, "other": ARMS[m], "n_models": 1, "note": one} for m in "BC"),
    ]
    kinds = [("signature", "signature", 0.1), *((f"g{i}", "gene", i / 10) for i in range(10)), ("far", "gene", 7.0)]
    kinds += [("JUNB", "factor", 0.2), ("JUNB(+)", "regulon", 0.3)]
    relapse = [
        {
            "feature": name,
            "kind": kind,
            "position": at,
            "ci_low": at - 0.1,
            "ci_high": at + 0.1,
            "n_models": 3,
            "models": "A,B,C",
            "shift": 1.0,
            "verdict": "back",
        }
        for name, kind, at in kinds
    ]
    genes = [
        {
            "contrast": CONTRAST,
            "arm": "all arms",
            "gene": f"g{i}",
            "log_fc": i - 5,
            "ci_low": i - 6,
            "ci_high": i - 4,
            "t": i - 5,
            "fdr": 0.01,
            "models_agreeing": 3,
            "n_models": 3,
            "voom_log_fc": i - 5,
            "voom_t": i - 5,
            "voom_fdr": 0.01,
        }
        for i in range(10)
    ]
    return {
        "signature_scores.tsv": scores,
        "signature_sizes.tsv": pd.DataFrame(sizes),
        "state_structure.tsv": pd.DataFrame(structure),
        "state_places.tsv": pd.concat(places),
        "treatment.tsv": pd.DataFrame(treatment),
        "treatment_correlation.tsv": likeness.rename_axis("unit").reset_index(),
        "reversibility.tsv": pd.DataFrame(relapse),
        "reversibility_bins.tsv": reversibility.bin_positions(pd.DataFrame(relapse)),
        "heatmap.tsv": samples("scrna").assign(gene="g9", direction="up", platform="bulk", deviation=[-1.0, 1, 0] * 3),
        "differential_expression.tsv": pd.DataFrame(genes),
    }


def opinions() -> dict[str, pd.DataFrame]:
    """Return gene sets (one of them published), factors of a network, and both opinions."""
    sets = [
        {
            "contrast": CONTRAST,
            "collection": "hallmarks",
            "gene_set": f"HALLMARK_SET_{i}",
            "measured": 20,
            "log_fc": i - 2.5,
            "ci_low": i - 3.5,
            "ci_high": i - 1.5,
            "p": 0.01,
            "fdr": 0.01 if i else 0.5,
            "models_agreeing": 2,
            "n_models": 3,
        }
        for i in range(6)
    ]
    sets.append({**sets[-1], "collection": "published.up", "gene_set": "DTP up", "log_fc": 0.4})
    factors = [
        {
            "contrast": CONTRAST,
            "tf": tf,
            "score": v,
            "fdr": 0.01,
            "effect": v,
            "ci_low": v - 0.5,
            "ci_high": v + 0.5,
            "n_models": 3,
            "n_targets": 20,
        }
        for tf, v in FACTORS.items()
    ]
    agreement = ["both, same direction", "both, same direction", "both, opposite directions", "neither"]
    both = [
        {
            "tf": tf,
            "agreement": said,
            "model_effect": v,
            "n_models": 3,
            "regulon": f"{tf}(+)",
            "regulon_effect": v / 10,
            "regulon_n": 3,
        }
        for (tf, v), said in zip(FACTORS.items(), agreement, strict=True)
    ]
    both.append({"tf": "REST", "agreement": "no regulon", "model_effect": 0.3, "n_models": 3})
    return {
        "gene_sets.tsv": pd.DataFrame(sets),
        "tf_activity.tsv": pd.DataFrame(factors),
        "network_comparison.tsv": pd.DataFrame(both),
    }
