"""Write the frozen reference of a study: a folder by which later biopsies are scored."""

import shutil
import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from scripts.base import job
from scripts.base.expression import join_samples, read_cells
from scripts.base.tables import read_labelled
from scripts.biopsy import clusters, discriminant, features, fraction, stroma
from scripts.biopsy.profile import left_out_scores
from scripts.growth import terms
from scripts.published.terms import SIGNATURES
from scripts.regulons.activity import threshold
from scripts.stroma.shares import CHANGES, SHARES
from scripts.study import reference_manifest as manifests
from scripts.switches.verdicts import SHARED

LABELS = ["sample", "model", "timepoint", "arm", "replicate"]
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
REGULONS = ["tf", "regulon", "target", "weight"]
SWITCHES = [
    "tf", "regulon", "verdict", "direction", "n", "effect", "ci_low", "ci_high", "activity_change_sd",
    "activity_change_sd_low", "activity_change_sd_high",
]  # fmt: skip
SIGNATURE = ["gene", "direction", "rank"]
LEFT_OUT = ["left_out", *SIGNATURE]
MARKERS = ["gene", "direction", "pool", "location", "assay"]
PACKAGES = ("anndata", "numba", "numpy", "pandas", "scikit-learn", "scipy")
"""What the numbers depend on."""
OPTIMISTIC = (
    "The regulons and the signature were learned from all models, the left-out one included,\n"
    "so these figures are somewhat optimistic: a new patient may err by more."
)


def choose_genes(cells, wanted: set[str], min_cell_fraction: float) -> np.ndarray:
    """Return which genes are ranked: measured in all samples, and detected often enough or requested by name."""
    shown = np.asarray((cells.X > 0).sum(axis=0)).ravel() / max(cells.n_obs, 1)
    often = (shown >= min_cell_fraction) & (shown > 0)
    return cells.var["everywhere"].to_numpy() & (often | cells.var_names.isin(wanted))


def join_training(paths: list[str], wanted: set[str], settings: dict, clustered: pd.Series):
    """Return the training cells: counts of the ranked genes, with the labels of their sample and their cluster.

    ``clustered``: common cluster by cell. Clustered cells, which are a random part of their library, are drawn first.
    """
    import anndata

    if not paths:
        labels = pd.DataFrame(columns=[*LABELS, clusters.LABEL], dtype=str)
        return anndata.AnnData(sparse.csr_matrix((0, 0), dtype=np.int32), obs=labels, var=pd.DataFrame())
    most, seed = settings["training_cells"], settings["seed"]
    parts = [read_cells(path, most, [seed, number], clustered.index)[0] for number, path in enumerate(paths)]
    cells = join_samples(parts)
    chosen = choose_genes(cells, wanted, settings["min_cell_fraction"])
    counts = sparse.csr_matrix(cells.X)[:, chosen].astype(np.int32)
    counts.sort_indices()
    labels = cells.obs[LABELS].astype(str).assign(**{clusters.LABEL: clustered.reindex(cells.obs_names).fillna("")})
    return anndata.AnnData(counts, obs=labels, var=pd.DataFrame(index=cells.var_names[chosen]))


def describe_genes(cells) -> pd.DataFrame:
    """Return the scale of each gene in training cells: share of cells with it, mean and sd of log1p CP10K."""
    counts = sparse.csr_matrix(cells.X).astype(float)
    total = np.asarray(counts.sum(axis=1)).ravel()
    logs = sparse.diags(1e4 / np.maximum(total, 1)) @ counts
    logs.data = np.log1p(logs.data)
    mean = np.asarray(logs.mean(axis=0)).ravel()
    square = np.asarray(logs.multiply(logs).mean(axis=0)).ravel()
    shown = np.asarray((counts > 0).mean(axis=0)).ravel()
    columns = {"gene": cells.var_names, "shown": shown, "mean": mean, "sd": np.sqrt(np.maximum(square - mean**2, 0))}
    return pd.DataFrame(columns)


def find_thresholds(activity: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return the on/off threshold of each regulon over the cells of all models, and the share of cells below it."""
    rows = []
    for regulon in activity.columns:
        values = activity[regulon].to_numpy()
        found = threshold(values, seed)
        rows.append({"regulon": regulon, **found, "quantile": float((values <= found["threshold"]).mean())})
    return pd.DataFrame(
        rows, columns=["regulon", "threshold", "quantile", "bimodal", "p_one_mode", "separation", "bic_gain"]
    )


def describe_samples(cells, scores: np.ndarray) -> pd.DataFrame:
    """Return a row per training sample: cells, depth, genes, and the quantiles of its cells' scores."""
    counts = sparse.csr_matrix(cells.X)
    totals, genes = np.asarray(counts.sum(axis=1)).ravel(), np.diff(counts.indptr)
    rows = []
    for sample, table in cells.obs.reset_index(drop=True).groupby("sample", sort=False, observed=True):
        at = table.index.to_numpy()
        row = {**table.iloc[0][LABELS].to_dict(), "sample": sample, "cells": len(at)}
        row |= {
            "median_counts": np.median(totals[at]),
            "median_genes": np.median(genes[at]),
            "score": scores[at].mean(),
        }
        row |= {f"score_q{round(100 * q):02d}": np.quantile(scores[at], q) for q in QUANTILES}
        rows.append(row)
    columns = [*LABELS, "cells", "median_counts", "median_genes", "score"]
    return pd.DataFrame(rows, columns=[*columns, *(f"score_q{round(100 * q):02d}" for q in QUANTILES)])


def read_optional(path: str | None, columns: list[str]) -> pd.DataFrame:
    """Return a table of an earlier stage, or an empty one where the study has none."""
    return read_labelled(path, "left_out") if path else pd.DataFrame(columns=columns)


def final_panel(markers: pd.DataFrame) -> pd.DataFrame:
    """Return a row per gene of the panels learned from all models; ``pool`` joins the pools that chose it.

    ``markers``: markers.tsv, which has every gene that any fold looked at.
    """
    chosen = markers[markers["in_final"] == "yes"].fillna({"location": "", "assay": ""}) if len(markers) else markers
    groups = chosen.groupby("gene", sort=False)
    table = groups.agg({"direction": "first", "pool": ", ".join, "location": "first", "assay": "first"}).reset_index()
    return table[MARKERS]


def read_training_profiles(path: str):
    """Return the profiles without the genes that some platform lacks: ranks are taken over genes that all have."""
    import anndata

    profiles = anndata.read_h5ad(path)
    profiles = profiles[:, np.isfinite(profiles.X).all(axis=0)].copy()
    profiles.layers.clear()
    profiles.obs = profiles.obs[[*LABELS[1:], "platform"]].astype(str)
    return profiles


def frozen_stroma(source, about: dict) -> pd.DataFrame:
    """Return the shares of lineages of the training samples (:data:`stroma.TABLE`); no row in a study without stroma.

    ``about``: kind, species and libraries of the stroma, ``max_cells`` and ``seed``.
    """
    found = read_optional(source.get("stroma_shares"), SHARES)
    paths = dict(zip(about["libraries"], source.get("stroma_cells") or (), strict=False))
    return stroma.to_freeze(found, paths, about["species"], about)


def versions() -> dict[str, str]:
    """Return the versions of the packages that the numbers depend on."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def readme(manifest: dict, calibration: pd.DataFrame) -> str:
    """Return the text that describes the folder."""
    study, n = manifest["study"], manifest["training"]
    states = f"{study['contrast']['baseline']} and {study['contrast']['persister']}"
    error = calibration["fraction"] - calibration["planted"]
    told = (
        f"Models left out of the scores, with known mixtures of their own cells: root mean square error "
        f"{np.sqrt((error**2).mean()):.3f}, largest {error.abs().max():.3f} (calibration.tsv).\n{OPTIMISTIC}"
        if len(calibration)
        else "Fewer than three models have cells of both states: the error of estimated fractions was not measured."
    )
    return f"""A frozen reference of persister-regulons, format version {manifests.FORMAT_VERSION}.

Learned from {n["cells"]} cells and {n["profiles"]} profiles of {n["models"]} models ({states}).
{told}

Score a biopsy against it, in any folder with a samples sheet whose rows have role query:

    snakemake biopsy --config reference=PATH_OF_THIS_FOLDER

reference.json    format, study, settings, versions, SHA-256 of every file here; checked whenever it is read
regulons.tsv      consensus regulons: targets and weights
thresholds.tsv    activity at which a regulon is on, and the part of training cells below
signature.tsv     genes of the shared persister programme
signature_left_out.tsv  the same learned without one model each, by which training profiles are scored
switches.tsv      ranked switches and their evidence, with the change over models and its interval; called are those
                  of verdict "{SHARED.name}"
markers.tsv       marker panels learned from all models: any genes, surface, secreted; the assay of each gene
genes.tsv         the genes that are ranked, with their scale in training (log1p counts per 10,000)
cells.h5ad        training cells: counts of these genes, and the common cluster of cells that have one. Whoever gets
                  this folder gets these counts.
profiles.h5ad     training profiles: log2 expression
samples.tsv       training samples: cells, depth, quantiles of their cells' scores (0 untreated, 1 persister)
profiles.tsv      training profiles: score of the signature learned without their model
calibration.tsv   what is estimated for mixtures of a model that the scores weren't learned from
stroma.tsv        lineages of the stroma in each training sample: as the study names its cells, and by each cell's own
                  markers, as those of a biopsy are named; without rows if the study has no stroma
stroma_changes.tsv  the change of each lineage over models, with interval and verdict
published.tsv     the study's place among published drug-tolerance signatures; without rows if it compares none
clusters.tsv      clusters that the models have in common: size and genes
cluster_changes.tsv  the change of each common cluster's share over models, with interval and verdict
"""


def main(snakemake) -> None:
    """Read what the stages learned; write the folder whole, its manifest last."""
    source, params = snakemake.input, snakemake.params
    settings = {**params.settings, "level": params.level}
    states = (params.study["contrast"]["baseline"], params.study["contrast"]["persister"])
    regulons = read_optional(source.get("regulons"), REGULONS)
    switches = read_optional(source.get("switches"), SWITCHES)
    signature = read_optional(source.get("signature"), SIGNATURE)
    left_out = read_optional(source.get("signature_left_out"), LEFT_OUT)
    markers = final_panel(read_optional(source.get("markers"), [*MARKERS, "in_final"]))
    wanted = set(regulons["target"]) | set(regulons["tf"]) | set(signature["gene"]) | set(markers["gene"])
    clustered = read_optional(source.get("cluster_cells"), terms.COMMON_CELLS).set_index("cell")["cluster"]
    cells = join_training(list(source.cells), wanted, settings, clustered)
    profiles = read_training_profiles(source.profiles)
    matched = features.match(cells, None, None, seed=settings["seed"])
    sets = features.gene_sets(regulons, signature, matched.genes, settings)
    scales = features.scales(matched, cells)
    activity = features.activities(matched.training, matched.genes, sets, settings, scales, snakemake.threads)
    labels = cells.obs.reset_index(drop=True)
    scores, calibration = np.full(len(labels), np.nan), pd.DataFrame(columns=fraction.CALIBRATION)
    if discriminant.paired(discriminant.groups(labels, states), states):
        scores = discriminant.learn(activity, labels, states).score(activity)
        calibration = fraction.calibrate(activity, labels, states, level=params.level, seed=settings["seed"])
    else:
        job.log.warning("no model has enough cells of both %s and %s: no fraction can be estimated", *states)
    expression = pd.DataFrame(np.asarray(profiles.X), index=profiles.obs_names, columns=profiles.var_names)
    of_profiles = profiles.obs.rename_axis("sample")
    of_profiles = of_profiles.assign(
        score=left_out_scores(expression, signature, left_out, of_profiles["model"])
    ).reset_index()

    tables = {
        "regulons": regulons, "signature": signature, "signature_left_out": left_out, "switches": switches,
        "markers": markers, "calibration": calibration, "thresholds": find_thresholds(activity, settings["seed"]),
        "genes": describe_genes(cells), "samples": describe_samples(cells, scores), "profiles": of_profiles,
        "stroma": frozen_stroma(source, params.stroma),
        "stroma_changes": read_optional(source.get("stroma_changes"), CHANGES),
        "published": read_optional(source.get("published"), SIGNATURES),
        "clusters": read_optional(source.get("clusters"), terms.COMMON),
        "cluster_changes": read_optional(source.get("cluster_changes"), terms.COMMON_CHANGES),
    }  # fmt: skip
    training = {"cells": cells.n_obs, "genes": cells.n_vars, "profiles": profiles.n_obs,
                "samples": len(tables["samples"]),
                "models": len(set(cells.obs["model"]) | set(profiles.obs["model"]))}  # fmt: skip
    of_stroma = {key: params.stroma[key] for key in stroma.HELD} if source.get("stroma_shares") else {}
    manifest = {"workflow": manifests.workflow_version(), "study": params.study, "settings": settings,
                "training": training, "stroma": of_stroma,
                "provenance": {"note": params.note, "packages": versions()}}  # fmt: skip
    with tempfile.TemporaryDirectory(dir=snakemake.resources.get("tmpdir")) as name:
        folder = Path(name)
        for table, content in tables.items():
            content.to_csv(folder / f"{table}.tsv", sep="\t", index=False, float_format="%.6g")
        cells.write_h5ad(folder / "cells.h5ad", compression="gzip")
        profiles.write_h5ad(folder / "profiles.h5ad", compression="gzip")
        (folder / "README.txt").write_text(readme(manifest, calibration), encoding="utf-8")
        manifests.write_manifest(folder, manifest)
        for path in snakemake.output:
            shutil.move(folder / Path(path).name, path)
    error = calibration["fraction"] - calibration["planted"]
    job.log.info("%s; models left out: rms error of fractions %.3f", training, np.sqrt((error**2).mean()))


if __name__ == "__main__":
    job.run(main, snakemake)
