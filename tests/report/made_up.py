"""A made-up study, and its results folder for the stages from profiles to markers: three models of two arms, four
factors. The tables stand in made_up_expression.py, made_up_switches.py and made_up_evidence.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

import pandas as pd
import yaml

from scripts.activity import compare_activity, compare_networks, infer_activity, reversibility
from scripts.activity import design as compared
from scripts.chromatin import changes, link_peaks
from scripts.chromatin import enrichment as regulons_near
from scripts.confounders import judge_markers, measure_confounders, shares
from scripts.expression import design, differential, enrichment, signature, structure, treatment
from scripts.figure import draw, rule, words
from scripts.figure.style import Style
from scripts.growth import terms as grown
from scripts.markers import assays, find_markers
from scripts.perturbations import terms as perturbed
from scripts.profiles import profiles, pseudobulk
from scripts.published import terms as published
from scripts.report.inputs import results_of
from scripts.report.source import Source
from scripts.stroma import compare_stroma, naming
from scripts.stroma import pairs as ligands
from scripts.stroma import shares as lineages
from scripts.study.config import complete, merged
from scripts.study.study import Study
from scripts.switches import rank_switches, targets
from scripts.switches import switches as ranked
from scripts.switches.evidence import family, join_perturbations, judge_simulation, kinds, perturbation

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
STAGES = (
    *("design/", "profiles/", "expression/", "activity/", "perturbations/", "chromatin/", "switches/"),
    *("growth/", "confounders/", "markers/", "published/", "stroma/"),
)
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
    "perturbations/factors.tsv": perturbed.FACTORS,
    "perturbations/mrna_bins.tsv": perturbed.BINNED,
    "perturbations/perturbations.tsv": perturbed.EFFECTS,
    "chromatin/deciles.tsv": changes.DECILES,
    "chromatin/enrichment.tsv": regulons_near.ENRICHMENT,
    "chromatin/peak_changes.tsv": link_peaks.PEAK_CHANGES,
    "chromatin/peak_sets.tsv": link_peaks.SETS,
    "chromatin/support.tsv": regulons_near.SUPPORT,
    "chromatin/trends.tsv": changes.TRENDS,
    "switches/by_model.tsv": rank_switches.BY_MODEL,
    "switches/evidence.tsv": kinds.EVIDENCE,
    "switches/families.tsv": family.FAMILIES,
    "switches/overlaps.tsv": targets.OVERLAPS,
    "switches/perturbation.tsv": perturbation.KNOCKOUT,
    "switches/perturbation_judged.tsv": judge_simulation.JUDGED,
    "switches/perturbation_shares.tsv": join_perturbations.SHARES,
    "switches/switches.tsv": ranked.SWITCHES,
    "growth/changes.tsv": grown.CHANGES,
    "growth/clusters.tsv": grown.CLUSTERS,
    "growth/common_changes.tsv": grown.COMMON_CHANGES,
    "growth/common_clusters.tsv": grown.COMMON,
    "growth/common_shares.tsv": grown.COMMON_SHARES,
    "growth/shares.tsv": grown.SHARES,
    "growth/switches_by_cycle.tsv": grown.SWITCHES,
    "confounders/clones.tsv": measure_confounders.CLONES,
    "confounders/confounders.tsv": shares.CONFOUNDERS,
    "confounders/confounders_notes.tsv": measure_confounders.NOTES,
    "confounders/marker_composition.tsv": judge_markers.MARKERS,
    "confounders/programme_verdict.tsv": shares.VERDICT,
    "markers/markers.tsv": find_markers.MARKERS,
    "markers/markers_assays.tsv": assays.ASSAYS,
    "markers/markers_panels.tsv": find_markers.PANELS,
    "markers/markers_positive.tsv": assays.POSITIVE,
    "markers/markers_roc.tsv": find_markers.ROC,
    "markers/markers_scores.tsv": find_markers.SCORES,
    "markers/markers_values.tsv": assays.VALUES,
    "published/agreement.tsv": published.AGREEMENT,
    "published/by_model.tsv": published.BY_MODEL,
    "published/regulators.tsv": published.REGULATORS,
    "published/signatures.tsv": published.SIGNATURES,
    "published/similarity.tsv": published.SIMILARITY,
    "stroma/changes.tsv": lineages.CHANGES,
    "stroma/clusters.tsv": naming.CLUSTERS,
    "stroma/pairs.tsv": ligands.PAIRS,
    "stroma/samples.tsv": compare_stroma.SAMPLES,
    "stroma/shares.tsv": lineages.SHARES,
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
            table = self.tables.get(path, self.tables.get(name, pd.DataFrame(columns=names, dtype=object)))
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
    settings |= {
        "samples": source.samples.to_dict("records"),
        "drugs": [entry["arm"] for entry in own["arms"] if entry["drugs"]],
        "demo": own["demo"],
        "note": own["regulons"]["synthetic_data_note"],
    }
    style = Style(**rule.style_of(own, cells=bool(len(source.libraries))), settings=settings)
    for stage in stages:
        paths = [path for path in (*sorted(source.files), *FOR_FIGURES) if path.endswith(".tsv")]
        given = {path: source.root / path for path in paths if (source.root / path).exists()}
        folder = source.root / stage / "figures"
        folder.mkdir(parents=True)
        said = words.for_rule(stage, own, cells=style.cells)
        draw.draw_all(import_module(f"scripts.{stage}.figures").FIGURES, given, style, said, folder)
    return source
