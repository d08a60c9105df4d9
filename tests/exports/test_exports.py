"""Exports on two small libraries: what comes out is what went in, in the form that viewers ask for."""

import json
import zlib
from base64 import b64decode
from types import SimpleNamespace

import anndata
import h5py
import loompy
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from scripts.base.tables import read_tsv
from scripts.exports import cells, export_gmt, export_loom, export_normal, export_study, matrix

ORDERS = {"model": ["B", "A"], "timepoint": ["untreated", "persister"], "arm": ["untreated", "drug"]}
REGULONS = ["JUN(+)", "MYC(+)"]


def library(folder, sample: str, model: str, timepoint: str, genes: list[str], seed: int):
    """Write cells/{sample}.h5ad with counts that are mostly zero; return its path."""
    rng = np.random.default_rng(seed)
    n = 30
    obs = pd.DataFrame(index=[f"{sample}:{i}" for i in range(n)])
    obs = obs.assign(sample=sample, model=model, timepoint=timepoint, replicate="1", total_counts=100, n_genes=9)
    obs["arm"] = "untreated" if timepoint == "untreated" else "drug"
    counts = sparse.csr_matrix(rng.poisson(0.6, (n, len(genes))))
    var = pd.DataFrame({"gene_id": [f"id-{gene}" for gene in genes]}, index=genes)
    path = folder / f"{sample}.h5ad"
    anndata.AnnData(counts, obs=obs, var=var).write_h5ad(path)
    return path


@pytest.fixture
def study(tmp_path):
    """Return the paths and tables of a study with two models; the second library lacks a gene and has another one."""
    paths = [
        str(library(tmp_path, "A1", "A", "untreated", ["JUN", "MYC", "KRT5"], 1)),
        str(library(tmp_path, "B1", "B", "persister", ["KRT5", "JUN", "VIM"], 2)),
    ]
    observed = export_study.read_observed(paths)
    rng = np.random.default_rng(3)
    known = pd.DataFrame({"cell": observed.index[::-1]})
    known = known.assign(timepoint=observed["timepoint"].astype(str).to_numpy()[::-1], cluster="0", phase="G1")
    known[["umap_1", "umap_2"]] = rng.normal(size=(len(known), 2))
    known[["stress", "hypoxia"]] = rng.normal(size=(len(known), 2))
    obs = cells.describe(known, observed, ORDERS)
    placed = known.set_index("cell").reindex(obs.index).assign(model=obs["model"].astype(str))
    activity = pd.DataFrame(rng.random((len(obs), 2)), index=obs.index, columns=REGULONS).astype(np.float32)
    return {
        "paths": paths,
        "obs": obs,
        "layout": cells.side_by_side(placed, ORDERS["model"]),
        "placed": placed,
        "activity": activity,
        "counts": {path: anndata.read_h5ad(path) for path in paths},
    }


def test_normal_cells_are_joined_by_lineage(study, tmp_path):
    """Cells of both libraries with their lineage and counts; a library without any, and a study without any."""
    paths = []
    for path, lineages in zip(
        study["paths"], (["immune"] * 20 + ["fibroblast"] * 10, ["endothelial"] * 30), strict=True
    ):
        data = study["counts"][path].copy()
        data.obs["lineage"], data.obs["age"] = lineages, 61.0
        paths.append(path.replace(".h5ad", ".normal.h5ad"))
        data.write_h5ad(paths[-1])
    empty = data[:0].copy()
    paths.append(str(tmp_path / "C1.normal.h5ad"))
    empty.write_h5ad(paths[-1])
    for given, cells_of in ((paths, 60), (paths[2:], 0)):
        params = SimpleNamespace(
            title="x", models=ORDERS["model"], timepoints=ORDERS["timepoint"], arms=ORDERS["arm"], carried=["age"]
        )
        output = [str(tmp_path / "normal.h5ad")]
        export_normal.main(SimpleNamespace(input=SimpleNamespace(cells=given), output=output, params=params))
        made = anndata.read_h5ad(tmp_path / "normal.h5ad")
        assert made.n_obs == cells_of and list(made.obs["lineage"]) == (["immune"] * 20 + ["fibroblast"] * 10
                                                                     + ["endothelial"] * 30)[:cells_of]  # fmt: skip
    whole = anndata.read_h5ad(paths[0])
    export_normal.main(SimpleNamespace(input=SimpleNamespace(cells=paths), output=output, params=params))
    made = anndata.read_h5ad(tmp_path / "normal.h5ad")
    assert np.array_equal(made.raw[whole.obs_names, whole.var_names].X.toarray(), whole.X.toarray())
    assert set(made.obs["age"]) == {61.0} and set(made.obs["model"]) == {"A", "B"} and "model_colors" in made.uns


def test_host_cells_are_joined_as_normal_cells_are(study, tmp_path):
    """Host cells have no lineage; a library without any leaves those of the other."""
    whole = study["counts"][study["paths"][0]]
    paths = [str(tmp_path / "A1.host.h5ad"), str(tmp_path / "B1.host.h5ad")]
    whole.write_h5ad(paths[0])
    whole[:0].copy().write_h5ad(paths[1])
    params = SimpleNamespace(
        title="host", models=ORDERS["model"], timepoints=ORDERS["timepoint"], arms=ORDERS["arm"], carried=[]
    )
    output = [str(tmp_path / "host.h5ad")]
    export_normal.main(SimpleNamespace(input=SimpleNamespace(cells=paths), output=output, params=params))
    made = anndata.read_h5ad(output[0])
    assert list(made.obs_names) == list(whole.obs_names) and "lineage" not in made.obs
    assert np.array_equal(made.raw[:, whole.var_names].X.toarray(), whole.X.toarray())


def test_the_h5ad_has_what_cellxgene_asks_for(study, tmp_path):
    """Raw counts next to normalised values, both sparse float32; categories; unique names; a layout; a title."""
    path = tmp_path / "study.h5ad"
    uns = {"title": "a study", "default_embedding": "X_umap", **cells.colours(study["obs"], ORDERS)}
    export_study.write_h5ad(
        str(path), study["paths"], obs=study["obs"], layout=study["layout"], activity=study["activity"],
        regulons=["JUN(+)"], uns=uns,
    )  # fmt: skip
    data = anndata.read_h5ad(path)
    assert data.obs_names.is_unique and data.var_names.is_unique
    assert sparse.isspmatrix_csr(data.X) and data.X.dtype == np.float32 and data.X.has_canonical_format
    assert data.raw.X.dtype == np.float32 and list(data.raw.var_names) == ["JUN", "MYC", "KRT5", "VIM"]
    raw = pd.DataFrame(data.raw.X.toarray(), index=data.obs_names, columns=data.raw.var_names)
    for given in study["counts"].values():
        assert np.array_equal(raw.loc[given.obs_names, given.var_names], given.X.toarray())
    assert (raw.loc[raw.index.str.startswith("B1"), "MYC"] == 0).all()
    total = raw.sum(axis=1).to_numpy()[:, None]
    assert np.allclose(data.X.toarray(), np.log1p(raw.to_numpy() * matrix.PER / np.maximum(total, 1)), rtol=1e-5)
    for name in ("sample", "model", "timepoint", "arm", "cluster", "phase"):
        assert isinstance(data.obs[name].dtype, pd.CategoricalDtype), name
    assert list(data.obs["timepoint"].cat.categories) == ORDERS["timepoint"]
    assert len(data.uns["timepoint_colors"]) == 2 and data.uns["title"] == "a study"
    assert data.obsm["X_umap"].shape == (60, 2) and np.isfinite(data.obsm["X_umap"]).all()
    assert data.uns["default_embedding"] in data.obsm
    assert np.array_equal(data.obs["JUN(+) activity"], study["activity"]["JUN(+)"])
    assert np.array_equal(data.obsm["regulon_activity"], study["activity"]) and list(data.uns["regulons"]) == REGULONS


def test_layouts_of_models_lie_beside_each_other_and_keep_their_shape(study):
    layout = pd.DataFrame(study["layout"], index=study["obs"].index)
    own = {model: layout[study["placed"]["model"] == model] for model in "AB"}
    assert own["B"][0].max() < own["A"][0].min()
    for model, part in own.items():
        before = study["placed"].loc[study["placed"]["model"] == model, ["umap_1", "umap_2"]].to_numpy()
        shift = part.to_numpy() - before
        assert np.allclose(shift, shift[0], atol=1e-5)


def test_the_loom_is_read_back_by_loompy_with_regulons_as_scope_keeps_them(study, tmp_path):
    path = tmp_path / "study.loom"
    edges = pd.DataFrame({"regulon": ["JUN(+)", "JUN(+)", "MYC(+)"], "target": ["KRT5", "VIM", "JUN"]})
    cuts = pd.DataFrame({"regulon": ["JUN(+)", "JUN(+)", "MYC(+)"], "threshold": [0.2, 0.4, 0.5]})
    export_loom.write_loom(
        str(path), study["paths"], obs=study["obs"], layout=study["layout"], activity=study["activity"], edges=edges,
        thresholds=cuts, title="a study",
    )  # fmt: skip
    # SCope keeps tables in attributes, which the format doesn't know: the validator has nothing else to say.
    validator = loompy.LoomValidator()
    validator.validate(str(path))
    tables = ("'Regulons'", "'RegulonsAUC'", "'Clusterings'", "'Embedding'", "'Embeddings_X'", "'Embeddings_Y'")
    said = [error for error in validator.errors if error.startswith(("Row", "Column"))]
    assert len(said) == len(tables) and all(any(name in error for name in tables) for error in said)
    assert [error for error in validator.errors if error not in said and not error.startswith("For help")] == []
    with loompy.connect(str(path), mode="r", validate=False) as loom:
        genes, names = list(loom.ra["Gene"]), list(loom.ca["CellID"])
        assert genes == ["JUN", "MYC", "KRT5", "VIM"] and names == list(study["obs"].index)
        counts = pd.DataFrame(loom[:, :].T, index=names, columns=genes)
        for given in study["counts"].values():
            assert np.array_equal(counts.loc[given.obs_names, given.var_names], given.X.toarray())
        assert loom.ra["Regulons"].dtype.names == loom.ca["RegulonsAUC"].dtype.names == ("JUN_(+)", "MYC_(+)")
        assert list(loom.ra["Regulons"]["JUN_(+)"]) == [0, 0, 1, 1]
        assert np.allclose(loom.ca["RegulonsAUC"]["MYC_(+)"], study["activity"]["MYC(+)"])
        assert np.array_equal(loom.ca["nUMI"], counts.sum(axis=1))
        assert np.allclose(loom.ca["Embeddings_X"]["-1"], study["layout"][:, 0])
        said = json.loads(zlib.decompress(b64decode(loom.attrs["MetaData"])))
    assert said["embeddings"][0]["id"] == -1
    assert {r["regulon"]: round(r["defaultThresholdValue"], 6) for r in said["regulonThresholds"]} == {
        "JUN_(+)": 0.3,
        "MYC_(+)": 0.5,
    }
    known = {c["id"]: c["description"] for c in said["clusterings"][0]["clusters"]}
    with h5py.File(path) as file:
        codes = file["col_attrs/Clusterings"]["0"]
    assert [known[code] for code in codes] == list(study["obs"]["cluster"].astype(str))


def of_groups(study, folder) -> list[str]:
    """Write the activity of two groups, of which each lacks a regulon that the other has; return the paths."""
    paths = []
    for sample, regulons in (("A1", ["KLF4(+)", "MYC(+)"]), ("B1", ["JUN(+)", "MYC(+)"])):
        cells = study["obs"].index[study["obs"]["sample"] == sample]
        table = pd.DataFrame(0.5, index=cells, columns=regulons, dtype=np.float32)
        table.insert(0, "sample", sample)
        paths.append(str(folder / f"{sample}.parquet"))
        table.rename_axis("cell").to_parquet(paths[-1])
    return paths


def test_a_regulon_that_a_group_does_not_measure_is_missing_in_its_cells(study, tmp_path):
    every = ["JUN(+)", "KLF4(+)", "MYC(+)"]
    cells = study["obs"].index
    first, second = paths = of_groups(study, tmp_path)
    whole = export_study.read_activity(paths, cells, ["MYC(+)", "JUN(+)", "KLF4(+)"])
    assert list(whole.columns) == every and list(whole.index) == list(cells)
    of_a = (study["obs"]["sample"] == "A1").to_numpy()
    assert whole.loc[of_a, "JUN(+)"].isna().all() and (whole.loc[of_a, "KLF4(+)"] == 0.5).all()
    assert whole.loc[~of_a, "KLF4(+)"].isna().all() and (whole["MYC(+)"] == 0.5).all()
    # The files of all models have the same columns, also those of which a model measures none.
    own = export_study.read_activity([first], cells[of_a], every)
    assert list(own.columns) == every and own["JUN(+)"].isna().all()
    assert list(export_study.read_activity([second, first], cells, []).columns) == every


def test_the_h5ad_has_a_gap_where_the_loom_has_a_zero(study, tmp_path):
    every = ["JUN(+)", "KLF4(+)", "MYC(+)", "TP63(+)"]
    activity = export_study.read_activity(of_groups(study, tmp_path), study["obs"].index, every)
    export_study.write_h5ad(
        str(tmp_path / "study.h5ad"), study["paths"], obs=study["obs"], layout=study["layout"], activity=activity,
        regulons=["TP63(+)", "JUN(+)"], uns={},
    )  # fmt: skip
    data = anndata.read_h5ad(tmp_path / "study.h5ad")
    of_a = (data.obs["sample"] == "A1").to_numpy()
    assert list(data.uns["regulons"]) == every
    assert (
        np.isnan(data.obsm["regulon_activity"][of_a, 0]).all() and np.isfinite(data.obs["JUN(+) activity"][~of_a]).all()
    )
    assert "TP63(+) activity" not in data.obs  # nothing to colour by
    edges = pd.DataFrame({"regulon": every, "target": ["KRT5", "VIM", "JUN", "KRT5"]})
    cuts = pd.DataFrame({"regulon": ["JUN(+)"], "threshold": [0.2]})
    export_loom.write_loom(
        str(tmp_path / "study.loom"), study["paths"], obs=study["obs"], layout=study["layout"], activity=activity,
        edges=edges, thresholds=cuts, title="a study",
    )  # fmt: skip
    with loompy.connect(str(tmp_path / "study.loom"), mode="r", validate=False) as loom:
        names = tuple(name.replace("(", "_(") for name in every)
        assert loom.ca["RegulonsAUC"].dtype.names == loom.ra["Regulons"].dtype.names == names
        assert (loom.ca["RegulonsAUC"]["JUN_(+)"][of_a] == 0).all() and (loom.ca["RegulonsAUC"]["TP63_(+)"] == 0).all()
        assert np.allclose(loom.ca["RegulonsAUC"]["MYC_(+)"], 0.5)


def test_cells_of_a_model_called_na_keep_its_name_and_their_timepoint(tmp_path):
    paths = []
    for model in ("NA", "007"):
        table = pd.DataFrame(
            {"cell": [f"{model}:AC"], "timepoint": "null", "cluster": "0", "phase": "", "replicate": "1"}
        )
        paths.append(tmp_path / f"{model}.tsv.gz")
        table.to_csv(paths[-1], sep="\t", index=False)
    found = cells.read_cells(paths, ["NA", "007"])
    assert found["model"].tolist() == ["NA", "007"] and set(found["timepoint"]) == {"null"}
    assert found["phase"].isna().all() and found["cluster"].tolist() == ["0", "0"]


def test_genes_called_na_stay_in_gene_sets(tmp_path):
    edges = pd.DataFrame({"regulon": "JUN(+)", "tf": "JUN", "target": ["NA", "VIM"], "groups": 1})
    edges.to_csv(tmp_path / "consensus.tsv", sep="\t", index=False)
    found = export_gmt.regulons(read_tsv(tmp_path / "consensus.tsv"), "")
    assert found.rstrip("\n").split("\t")[2:] == ["NA", "VIM"]


def test_a_matrix_written_in_blocks_is_that_written_at_once(tmp_path):
    whole = sparse.random(50, 7, density=0.3, format="csr", dtype=np.float32, random_state=1)
    with h5py.File(tmp_path / "m.h5", "w") as file:
        rows = matrix.Rows(file.create_group("X"), 7)
        for start, stop in ((0, 13), (13, 13), (13, 50)):
            rows.append(whole[start:stop])
        found = anndata.io.read_elem(file["X"])
    assert (found != whole).nnz == 0 and found.shape == whole.shape


def test_gene_sets_are_written_as_gmt():
    edges = pd.DataFrame({"regulon": "JUN(+)", "target": ["KRT5", "VIM"], "groups": [3, 2]})
    assert export_gmt.regulons(edges, "") == "JUN(+)\t2 targets, found in up to 3 groups\tKRT5\tVIM\n"
    table = pd.DataFrame({"gene": ["C", "A", "B"], "direction": ["down", "up", "up"], "rank": [1, 2, 1]})
    lines = export_gmt.signatures(table, "persister − untreated").splitlines()
    assert [line.split("\t")[0::2] for line in lines] == [["persister_up", "B"], ["persister_down", "C"]]
    assert lines[0].split("\t")[2:] == ["B", "A"]
