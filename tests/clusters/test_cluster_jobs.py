"""The scripts of the stage from file to file: what they write, twice the same, and whatever is missing."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import numba
import numpy as np
import pandas as pd
import pytest
from threadpoolctl import threadpool_limits

from scripts.base.job import UserError
from scripts.clusters import cluster_cells, communities, embed_model, link_clusters, markers, stability
from scripts.clusters import links as linking
from scripts.figure import draw

ROOT = Path(__file__).parents[2]
SETS = [str(ROOT / "resources" / "genesets" / f"{name}.tsv") for name in ("cell_cycle", "dissociation", "hypoxia")]
TIMEPOINTS = ["untreated", "persister", "relapse"]
EMBEDDING = ("n_top_genes", "n_pcs", "n_neighbors", "regress", "min_score_genes", "seed")


def run_model(folder: Path, samples: dict[str, list], settings: dict, job_of) -> Path:
    """Run the three scripts on a model; ``samples``: AnnDatas per timepoint. Returns the folder with the results."""
    folder.mkdir()
    paths = {}
    for timepoint, parts in samples.items():
        for number, part in enumerate(parts):
            paths.setdefault(timepoint, []).append(str(folder / f"{timepoint}{number}.cells.h5ad"))
            part.write_h5ad(paths[timepoint][-1])
    embedding = str(folder / "embedding.parquet")
    inputs = {"cells": [path for parts in paths.values() for path in parts], "genesets": SETS}
    embed_model.main(job_of(inputs, {"embedding": embedding}, settings={k: settings[k] for k in EMBEDDING}))
    for timepoint, cells in paths.items():
        files = {"cells": "h5ad", "markers": "markers.tsv", "stability": "stability.tsv"}
        outputs = {name: str(folder / f"{timepoint}.{end}") for name, end in files.items()}
        cluster_cells.main(job_of({"cells": cells, "embedding": embedding}, outputs, settings=settings))
    outputs = {
        "links": "links.tsv",
        "similarity": "similarity.tsv",
        "clusters": "clusters.tsv",
        "cells": "cells.tsv.gz",
    }
    tables = {name: str(folder / file) for name, file in outputs.items()}
    clustered = [str(folder / f"{timepoint}.h5ad") for timepoint in paths]
    link_clusters.main(
        job_of({"clusters": clustered}, tables, timepoints=list(paths), links=settings["links"], seed=settings["seed"])
    )
    return folder


def make_study(simulator) -> dict[str, list]:
    """Return untreated (a, b, cycling), persister of two replicates (a, c, cycling): b lost, c emerged."""
    rng = np.random.default_rng(5)
    late = {"timepoint": "persister", "arm": "AC"}
    return {
        "untreated": [simulator.cells([("a", 70), ("b", 60), (("a", "g2m"), 40)], rng, sample="U1")],
        "persister": [
            simulator.cells([("a", 40), ("c", 40), (("a", "g2m"), 20)], rng, sample="P1", **late),
            simulator.cells([("a", 30), ("c", 30), (("a", "g2m"), 20)], rng, sample="P2", **late),
        ],
    }


def fingerprint(path: Path) -> str:
    """Return a hash of a file's bytes, or of an h5ad file's content."""
    import anndata

    if path.suffix != ".h5ad":
        return hashlib.sha256(path.read_bytes()).hexdigest()
    cells = anndata.read_h5ad(path)
    parts = [cells.obs.to_csv(), cells.var.to_csv(), repr(cells.uns)]
    arrays = [cells.X.data, cells.X.indices, cells.X.indptr, cells.layers["counts"].data, *cells.obsm.values()]
    whole = "".join(parts).encode() + b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)
    return hashlib.sha256(whole).hexdigest()


@pytest.fixture(scope="module")
def study(simulator, settings, job_of, tmp_path_factory):
    """Return the folder of a model with two timepoints, and the settings."""
    return run_model(tmp_path_factory.mktemp("model") / "first", make_study(simulator), settings, job_of), settings


def test_clusters_are_the_planted_groups(study):
    import anndata

    for timepoint, groups in (("untreated", 3), ("persister", 3)):
        cells = anndata.read_h5ad(study[0] / f"{timepoint}.h5ad")
        truth = np.unique(cells.obs["truth"].astype(str), return_inverse=True)[1]
        assert communities.adjusted_rand(cells.obs["cluster"].astype(int).to_numpy(), truth) > 0.9
        assert cells.obs["cluster"].nunique() == groups
        assert cells.obs["cluster"].value_counts().index[0] == "0"


def test_clustered_cells_hold_what_is_promised(study):
    import anndata

    cells = anndata.read_h5ad(study[0] / "persister.h5ad")
    source = anndata.read_h5ad(study[0] / "persister1.cells.h5ad")
    assert (cells["P2:000003"].layers["counts"] != source["P2:000003"].X).nnz == 0
    total = np.expm1(cells.X.toarray()).sum(axis=1)
    assert total == pytest.approx(
        np.full(len(total), np.median(np.asarray(cells.layers["counts"].sum(axis=1)))), rel=1e-4
    )
    assert cells.obsm["X_pca"].shape == (180, 20) and cells.obsm["X_umap"].shape == (180, 2)
    assert cells.var["variable"].sum() == 300 and cells.var["gene_id"].str.startswith("GRCh38_").all()
    for column in ("sample", "arm", "total_counts", "cluster", "s_score", "g2m_score", "phase", "stress", "hypoxia"):
        assert column in cells.obs
    assert cells.uns["clusters"]["resolution"] > 0


def test_cycling_cells_are_found(study):
    table = pd.read_csv(study[0] / "cells.tsv.gz", sep="\t").set_index("cell")
    import anndata

    parts = [anndata.read_h5ad(study[0] / f"{t}.h5ad").obs for t in ("untreated", "persister")]
    truth = pd.concat(parts)["truth"].astype(str).reindex(table.index)
    assert (table.loc[truth == "ag2m", "phase"] == "G2M").mean() > 0.9
    assert (table.loc[truth != "ag2m", "phase"] == "G2M").mean() < 0.3


def test_table_of_cells_lists_every_cell_once(study):
    table = pd.read_csv(study[0] / "cells.tsv.gz", sep="\t")
    assert list(table.columns) == link_clusters.CELLS
    assert len(table) == 350 and table["cell"].is_unique
    assert table["timepoint"].unique().tolist() == ["untreated", "persister"]
    assert table[["umap_1", "umap_2", "stress", "total_counts"]].notna().all().all()
    content = (study[0] / "cells.tsv.gz").read_bytes()
    assert int.from_bytes(content[4:8], "little") == 1  # no time of day in the header
    assert gzip.decompress(content).startswith(b"cell\tsample\t")


def test_markers_are_the_planted_genes(study, simulator):
    import anndata

    cells = anndata.read_h5ad(study[0] / "persister.h5ad")
    table = pd.read_csv(study[0] / "persister.markers.tsv", sep="\t", dtype={"cluster": str})
    assert list(table.columns) == markers.COLUMNS
    emerged = cells.obs.loc[cells.obs["truth"] == "c", "cluster"].mode()[0]
    planted = {simulator.genes[i] for i in simulator.programmes["c"]}
    assert len(planted & set(table.loc[table["cluster"] == emerged, "gene"].head(15))) >= 13


def test_links_are_the_planted_ones(study):
    import anndata

    table = pd.read_csv(study[0] / "links.tsv", sep="\t", dtype=str).fillna("")
    assert list(table.columns) == linking.COLUMNS
    name = {}
    for timepoint in ("untreated", "persister"):
        obs = anndata.read_h5ad(study[0] / f"{timepoint}.h5ad").obs
        name |= {(timepoint, c): rows["truth"].mode()[0] for c, rows in obs.groupby("cluster", observed=True)}
    found = {
        (name.get((r.timepoint_from, r.cluster_from), ""), name.get((r.timepoint_to, r.cluster_to), "")): r.status
        for r in table.itertuples()
    }
    assert found == {("a", "a"): "kept", ("ag2m", "ag2m"): "kept", ("b", ""): "lost", ("", "c"): "emerged"}


def test_clusters_are_listed_with_their_size_lineage_and_fate(study):
    table = pd.read_csv(study[0] / "clusters.tsv", sep="\t", keep_default_na=False, dtype={"cluster": str})
    links = pd.read_csv(study[0] / "links.tsv", sep="\t", keep_default_na=False)
    assert list(table.columns) == link_clusters.CLUSTERS
    assert table["timepoint"].tolist() == ["untreated"] * 3 + ["persister"] * 3
    assert table["cluster"].tolist() == ["0", "1", "2"] * 2 and table["n_cells"].sum() == 350
    assert table.groupby("timepoint")["share"].sum().tolist() == pytest.approx([1, 1], abs=1e-5)
    number = table.set_index(["timepoint", "cluster"])["lineage"]
    kept = links[links["status"] == "kept"]
    for row in kept.itertuples():
        assert number["untreated", str(row.cluster_from)] == number["persister", str(row.cluster_to)]
    # Four kinds of cells: two on both sides, one lost and one emerged.
    assert len(kept) == 2 and number.nunique() == 4
    assert table["fate"].value_counts().to_dict() == {"": 4, "lost": 1, "emerged": 1}


@pytest.mark.parametrize("threads", [1, 2])
def test_the_same_cells_give_the_same_files_on_any_number_of_threads(study, simulator, job_of, tmp_path, threads):
    before = numba.get_num_threads()
    numba.set_num_threads(min(threads, numba.config.NUMBA_NUM_THREADS))
    with threadpool_limits(threads):
        again = run_model(tmp_path / "again", make_study(simulator), study[1], job_of)
    numba.set_num_threads(before)
    files = sorted(path.name for path in study[0].iterdir() if "cells.h5ad" not in path.name)
    assert len(files) == 11
    assert {f: fingerprint(study[0] / f) for f in files} == {f: fingerprint(again / f) for f in files}


def test_a_seed_of_its_own_changes_the_layout_alone(study, simulator, job_of, tmp_path):
    other = run_model(tmp_path / "other", make_study(simulator), study[1] | {"seed": 1}, job_of)
    first, second = (pd.read_csv(f / "cells.tsv.gz", sep="\t") for f in (study[0], other))
    assert not np.allclose(first["umap_1"], second["umap_1"])
    # clusters this clear don't depend on the seed
    assert communities.adjusted_rand(first["cluster"].to_numpy(), second["cluster"].to_numpy()) > 0.95


@pytest.mark.parametrize(("early", "late"), [(5, 0), (0, 0), (1, 60)])
def test_small_and_empty_samples_leave_complete_files(simulator, settings, job_of, tmp_path, early, late):
    rng = np.random.default_rng(0)
    samples = {
        "untreated": [simulator.cells([("a", early)], rng, sample="U1")],
        "persister": [simulator.cells([("a", late)], rng, sample="P1", timepoint="persister", arm="AC")],
    }
    folder = run_model(tmp_path / "model", samples, settings, job_of)
    cells = pd.read_csv(folder / "cells.tsv.gz", sep="\t")
    assert list(cells.columns) == link_clusters.CELLS and len(cells) == early + late
    assert (cells["cluster"] == 0).all()
    for timepoint in samples:
        found = pd.read_csv(folder / f"{timepoint}.markers.tsv", sep="\t")
        assert list(found.columns) == markers.COLUMNS and found.empty
        assert list(pd.read_csv(folder / f"{timepoint}.stability.tsv", sep="\t").columns) == stability.COLUMNS
    table = pd.read_csv(folder / "links.tsv", sep="\t")
    assert list(table.columns) == linking.COLUMNS and len(table) == (early > 0 and late > 0)
    listed = pd.read_csv(folder / "clusters.tsv", sep="\t")
    assert list(listed.columns) == link_clusters.CLUSTERS and len(listed) == (early > 0) + (late > 0)


def test_names_of_digits_or_na_stay_names(simulator, settings, job_of, tmp_path):
    """Days as timepoints, numbers as samples; pandas would read numbers and missing values."""
    rng = np.random.default_rng(0)
    samples = {
        "0": [simulator.cells([("a", 60)], rng, sample="007", timepoint="0", arm="NA")],
        "21": [simulator.cells([("a", 60)], rng, sample="None", timepoint="21", arm="12")],
    }
    folder = run_model(tmp_path / "model", samples, settings, job_of)
    cells, links, clusters = (draw.read_table(folder / name) for name in ("cells.tsv.gz", "links.tsv", "clusters.tsv"))
    labels = cells[["sample", "timepoint", "arm", "cluster"]].drop_duplicates().to_numpy().tolist()
    assert labels == [["007", "0", "NA", "0"], ["None", "21", "12", "0"]]
    assert links[linking.KEY].to_numpy().tolist() == [["0", "0", "21", "0"]]
    assert clusters[["timepoint", "cluster"]].to_numpy().tolist() == [["0", "0"], ["21", "0"]]
    assert cells["umap_1"].dtype == float and links["score"].dtype == float


def test_samples_named_by_symbols_and_by_ids_are_refused(simulator, settings, job_of, tmp_path):
    """Instead of one cluster in which no gene varies."""
    rng = np.random.default_rng(0)
    parts = [simulator.cells([("a", 60)], rng, sample=sample) for sample in ("U1", "U2")]
    parts[1].var_names = [f"ENSG{i:011d}" for i in range(parts[1].n_vars)]
    with pytest.raises(UserError, match=r"0 genes in common: U1 has 600 \(.*\), U2 has 600 \(ENSG00000000000, "):
        run_model(tmp_path / "model", {"untreated": parts}, settings, job_of)
    # A timepoint of such samples is refused by itself too.
    cells = {"cells": [str(path) for path in sorted((tmp_path / "model").glob("*.cells.h5ad"))], "embedding": ""}
    with pytest.raises(UserError, match="0 genes in common"):
        cluster_cells.main(job_of(cells, {}, settings=settings))


def test_stages_have_the_genes_of_all_samples_of_all_timepoints(simulator):
    """A gene that a sample of the first timepoint lacks counts 0 there: it would pass for one that treatment raised."""
    rng = np.random.default_rng(0)
    parts = [simulator.cells([("a", 20)], rng, timepoint=timepoint) for timepoint in TIMEPOINTS[:2]]
    for part, lacked in zip(parts, (simulator.genes[3], simulator.genes[5]), strict=True):
        part.layers["counts"], part.obs["cluster"] = part.X, "0"
        part.var["variable"] = np.arange(part.n_vars) < 10
        part.var["everywhere"] = part.var_names != lacked
    for ordered in (parts, parts[::-1]):
        stages = link_clusters.make_stages(ordered, TIMEPOINTS[:2])
        assert [stage.counts.shape[1] for stage in stages] == [8, 8]


def test_unmeasured_scores_are_left_empty(simulator, settings, job_of, tmp_path):
    rng = np.random.default_rng(0)
    fillers = [gene for gene in simulator.genes if gene.startswith("FILLER")]
    parts = [simulator.cells([("a", 60), ("b", 50)], rng)[:, fillers].copy()]
    folder = run_model(tmp_path / "model", {"untreated": parts}, settings | {"regress": ["cycle"]}, job_of)
    cells = pd.read_csv(folder / "cells.tsv.gz", sep="\t")
    assert cells[["s_score", "g2m_score", "phase", "stress", "hypoxia"]].isna().all().all()
    assert cells["cluster"].nunique() == 2  # nothing to regress out, and that doesn't stop it


def test_regression_reaches_the_clusters(simulator, settings, job_of, tmp_path):
    rng = np.random.default_rng(0)
    parts = {"untreated": [simulator.cells([("", 90), (("g2m",), 70)], rng)]}
    plain = run_model(tmp_path / "plain", parts, settings, job_of)
    assert pd.read_csv(plain / "cells.tsv.gz", sep="\t")["cluster"].nunique() == 2
    free = run_model(tmp_path / "free", parts, settings | {"regress": ["cycle"]}, job_of)
    assert pd.read_csv(free / "cells.tsv.gz", sep="\t")["cluster"].nunique() == 1
