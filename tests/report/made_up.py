"""Small made-up results of the stages from profiles to markers: three models of two arms, four factors, a few genes."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from scripts.activity import compare_activity, compare_networks, infer_activity, reversibility
from scripts.activity import design as compared
from scripts.confounders import measure_confounders, shares
from scripts.expression import design, differential, enrichment, signature, structure, treatment
from scripts.figure import draw, rule, words
from scripts.figure.style import Style
from scripts.markers import find_markers
from scripts.profiles import profiles, pseudobulk
from scripts.report.inputs import results_of
from scripts.report.source import Source
from scripts.study.config import complete, merged
from scripts.study.study import Study
from scripts.switches import rank_switches, targets
from scripts.switches import switches as ranked
from scripts.switches.evidence import family, join_perturbations, kinds, perturbation

ROOT = Path(__file__).parents[2]
MODELS, ARMS, CONTRAST = ("A", "B", "C"), {"A": "AC", "B": "AC", "C": "cisplatin"}, "persister vs untreated"
FACTORS = {"JUNB": 1.5, "FOSL1": 1.0, "MYC": -1.2, "SOX10": 0.02}
"""Standardised change of each factor's activity."""
SECTION = {
    "network": "activity",
    "platforms": "profiles",
    "gene_sets": "expression",
    "signatures": "expression",
    "fdr": "statistics",
}
"""The section of the config that a setting stands in."""
STAGES = ("profiles/", "expression/", "activity/", "switches/", "confounders/", "markers/")
SWITCHED = ("JUNB", "FOSL1", "MYC")
HEADERS = {
    "profiles/profile_losses.tsv": profiles.LOSSES,
    "expression/differential_expression.tsv": differential.EXPRESSION,
    "expression/expression_design.tsv": design.ANSWERS,
    "expression/gene_sets.tsv": enrichment.GENE_SETS,
    "expression/signature.tsv": signature.SIGNATURE,
    "expression/signature_scores.tsv": signature.SCORES,
    "expression/signature_sizes.tsv": signature.SIZES,
    "expression/state_places.tsv": structure.PLACES,
    "expression/state_structure.tsv": structure.STRUCTURE,
    "expression/treatment.tsv": treatment.TREATMENT,
    "activity/activity.tsv": pseudobulk.ACTIVITY,
    "activity/design.tsv": compared.DESIGN,
    "activity/differences.tsv": compare_activity.DIFFERENCES,
    "activity/effects.tsv": compare_activity.EFFECTS,
    "activity/network_comparison.tsv": compare_networks.OPINIONS,
    "activity/profile_activity.tsv": pseudobulk.ACTIVITY,
    "activity/reversibility.tsv": reversibility.REVERSIBILITY,
    "activity/tf_activity.tsv": infer_activity.TF_ACTIVITY,
    "switches/by_model.tsv": rank_switches.BY_MODEL,
    "switches/evidence.tsv": kinds.EVIDENCE,
    "switches/families.tsv": family.FAMILIES,
    "switches/overlaps.tsv": targets.OVERLAPS,
    "switches/perturbation.tsv": perturbation.KNOCKOUT,
    "switches/perturbation_shares.tsv": join_perturbations.SHARES,
    "switches/switches.tsv": ranked.SWITCHES,
    "confounders/clones.tsv": measure_confounders.CLONES,
    "confounders/confounders.tsv": shares.CONFOUNDERS,
    "confounders/confounders_notes.tsv": measure_confounders.NOTES,
    "confounders/programme_verdict.tsv": shares.VERDICT,
    "markers/markers.tsv": find_markers.MARKERS,
    "markers/markers_panels.tsv": find_markers.PANELS,
    "markers/markers_roc.tsv": find_markers.ROC,
    "markers/markers_scores.tsv": find_markers.SCORES,
}
"""Columns of the tables as their writers make them."""
FOR_FIGURES = {"expression/heatmap.tsv": signature.HEATMAP, "activity/reversibility_bins.tsv": reversibility.BINS}
"""Those of tables that figures alone are drawn from."""
MATRIX = "treatment_correlation.tsv"
"""Has a column for each model and arm of the study."""


def config(**settings) -> dict:
    """Return a complete config of the three models; ``settings`` changes keys of the stages (:data:`SECTION`)."""
    shipped = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())
    demo = yaml.safe_load((ROOT / "config" / "demo" / "config.yaml").read_text())
    own = complete(merged(shipped, demo))
    own["models"] = [{"model": model, "profiling": "made up", "arms": ["untreated", ARMS[model]]} for model in MODELS]
    for key, value in settings.items():
        own[SECTION[key]][key] = value
    return own


def samples(assay: str, models: tuple[str, ...] = MODELS) -> pd.DataFrame:
    """Return the sheet: each model untreated, as persister and regrown."""
    rows = [
        (
            f"{model}_{timepoint}",
            model,
            timepoint,
            "untreated" if timepoint == "untreated" else ARMS[model],
            "1",
            assay,
            "",
        )
        for model in models
        for timepoint in ("untreated", "persister", "relapse")
    ]
    names = ["sample", "model", "timepoint", "arm", "replicate", "assay", "matrix"]
    return pd.DataFrame(rows, columns=names)


@dataclass
class Results:
    """A results folder in the making.

    ``tables``: name → rows of the stages from profiles to markers; those left out hold a header.
    """

    root: Path
    assay: str = "scrna"
    settings: dict = field(default_factory=dict)
    models: tuple[str, ...] = MODELS
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)

    @property
    def study(self) -> Study:
        """The study that the results are of."""
        rows = samples(self.assay, self.models).set_index("sample")
        return Study(config(**self.settings), rows, pd.DataFrame(columns=["sample", "unit", "fq1", "fq2"]))

    def write(self) -> Source:
        """Write the tables that the study's design makes; return what a report reads them by."""
        files = [path for path in results_of(self.study) if path.startswith(STAGES)]
        for path in (*files, *FOR_FIGURES):
            (self.root / path).parent.mkdir(parents=True, exist_ok=True)
            name = path.split("/", 1)[1]
            known = (HEADERS | FOR_FIGURES).get(path)
            names = known or (["unit"] if name == MATRIX else [])
            table = self.tables.get(name, pd.DataFrame(columns=names, dtype=object))
            if name.endswith(".parquet"):
                table.to_parquet(self.root / path)
            elif name.endswith(".tsv"):
                whole = table if known is None else table.reindex(columns=known)
                whole.to_csv(self.root / path, sep="\t", index=False)
        return Source(self.root, frozenset(files), self.study.config, samples(self.assay, self.models))


def draw_stages(source: Source, *stages: str) -> Source:
    """Draw the figures of stages in a made-up folder, as their rules do; return the source."""
    own = source.config
    settings = {"fdr": own["statistics"]["fdr"], "max_points": own["report"]["max_points"]}
    settings |= {"signatures": own["expression"]["signatures"], "min_effect": own["switches"]["min_effect"]}
    style = Style(**rule.style_of(own, cells=bool(len(source.libraries))), settings=settings)
    for stage in stages:
        paths = [path for path in (*sorted(source.files), *FOR_FIGURES) if path.endswith(".tsv")]
        given = {path: source.root / path for path in paths if (source.root / path).exists()}
        folder = source.root / stage / "figures"
        folder.mkdir()
        said = words.for_rule(stage, own, cells=style.cells)
        draw.draw_all(import_module(f"scripts.{stage}.figures").FIGURES, given, style, said, folder)
    return source


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
        for name in ("blind", "told")
    ]
    places = [
        samples("scrna").assign(adjustment=name, pc1=range(9), pc2=range(9), cluster=[2, 1, 2] * 3, leaf=range(9))
        for name in ("blind", "told")
    ]
    units = [f"{model} {ARMS[model]}" for model in MODELS]
    likeness = pd.DataFrame(np.full((3, 3), 0.5) + 0.5 * np.eye(3), index=units, columns=units)
    one = "confounded: one arm only; what the drug does can't be told from what this patient does"
    treatment = [
        {
            "question": "arms alike",
            "subject": "AC",
            "other": "cisplatin",
            "n_models": 3,
            "value": 0.5,
            "note": "confounded: no model had both; the likeness is one of arms and of patients at once",
        },
        {
            "question": "models alike by arm",
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


def markers() -> dict[str, pd.DataFrame]:
    """Return panels of one and two genes from two pools; secreted proteins are too few."""
    panels = [
        {
            "pool": pool,
            "size": size,
            "candidates": 50,
            "auc": 0.9,
            "n_models": 3,
            "random_auc": np.nan if size == "chosen" else 0.6,
            "random_high": np.nan if size == "chosen" else 0.8,
            "n_untreated": 3,
            "n_persister": 3,
            "genes": "HBEGF",
        }
        for pool in ("all genes", "surface")
        for size in ("chosen", 1, 2)
    ]
    panels.append({"pool": "secreted", "candidates": 0, "note": "too few such genes are measured"})
    genes = [
        {
            "pool": "surface",
            "gene": "HBEGF",
            "direction": "up",
            "rank": 1,
            "in_panel": 3,
            "folds": 3,
            "auc_in_sample": 1.0,
            "auc_at_rank": 0.9,
            "location": "surface",
        }
    ]
    scores = samples("scrna").query("timepoint != 'relapse'").assign(pool="all genes", size=1, score=[-1.0, 1.0] * 3)
    return {
        "markers_roc.tsv": find_markers.roc_curves(scores, "persister"),
        "markers.tsv": pd.DataFrame(genes),
        "markers_panels.tsv": pd.DataFrame(panels),
        "markers_scores.tsv": scores,
    }


def confounders() -> dict[str, pd.DataFrame]:
    """Return what is left with stress held; clones could be told in no model, depth in all but one."""
    row = {"contrast": CONTRAST, "confounder": "dissociation stress", "method": "at equal scores", "n_models": 3}
    held = [
        {
            **row,
            "what": "signature",
            "effect_before": 1.0,
            "effect_after": 0.9,
            "ci_low": 0.7,
            "ci_high": 1.1,
            "share_remaining": 0.9,
        },
        {**row, "what": "genes changed", "effect_before": 3, "effect_after": 2, "note": "3 models"},
        {**row, "what": "JUNB", "effect_before": 0.2, "effect_after": 0.1, "share_remaining": 0.5},
        {
            **row,
            "what": "signature",
            "confounder": "depth",
            "n_models": 2,
            "effect_before": 1.1,
            "effect_after": 1.0,
            "note": "B: too few cells; of 3",
        },
        {
            **row,
            "what": "signature",
            "confounder": "CNV clone",
            "method": "within clones",
            "n_models": 0,
            "note": "A: not inferable: 9 genes; B: not inferable: 9 genes; C: 8 cells",
        },
    ]
    verdict = {
        "contrast": CONTRAST,
        "verdict": "persister programme",
        "n_models": 3,
        "models_agreeing": 3,
        "signature_effect": 1.0,
        "p": 0.001,
        "remaining": "dissociation stress 0.90",
    }
    notes = [("B", "depth", "at equal scores", "too few cells"), ("C", "CNV clone", "within clones", "8 cells")]
    notes += [(model, "CNV clone", "within clones", "not inferable: 9 genes") for model in "AB"]
    return {
        "confounders.tsv": pd.DataFrame(held),
        "confounders_notes.tsv": pd.DataFrame(notes, columns=measure_confounders.NOTES),
        "programme_verdict.tsv": pd.DataFrame([verdict]),
    }


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


def designs(n: int = 3, *, confounded: str = "yes", platform: str = "", depth: float = 0.02, **counts) -> dict:
    """Return what the designs of activity and expression can answer, with ``n`` models; ``counts``: of genes."""
    models = ",".join(MODELS[:n])
    row = {"contrast": CONTRAST, "n_models": n, "models": models, "confounded": confounded, "platform": platform}
    activity = [{**row, "arm": "all arms", "depth_log2": depth}]
    activity += [{**row, "arm": arm, "n_models": 1} for arm in dict.fromkeys(ARMS[model] for model in MODELS[:n])]
    genes = {"genes": 10, "changed": 4, "voom_changed": 9} | counts
    return {
        "design.tsv": pd.DataFrame(activity),
        "expression_design.tsv": pd.DataFrame([{**own, **genes} for own in activity]),
    }


def everything() -> dict[str, pd.DataFrame]:
    """Return all made-up tables."""
    return {
        **expression(),
        **opinions(),
        **activity(),
        "switches.tsv": switches(),
        "evidence.tsv": kinds.rank_evidence(switches()),
        **perturbations(),
        "families.tsv": families(),
        **markers(),
        **confounders(),
    }
