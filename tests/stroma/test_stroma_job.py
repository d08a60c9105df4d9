"""The job of the stage on small libraries: xenografts and biopsies, libraries without cells, large ones, two runs."""

from types import SimpleNamespace

import anndata
import numpy as np
import pandas as pd
import pytest
from stroma.test_stroma_naming import library

from scripts.base.job import UserError
from scripts.stroma import compare_stroma, panels, shares
from scripts.stroma.terms import OTHER
from scripts.study.config import filled
from scripts.study.schema import read_schema

CONTRAST = {"baseline": "u", "persister": "p", "relapse": "r"}
CLUSTERS = {
    "n_top_genes": 300, "n_pcs": 10, "n_neighbors": 10, "resolutions": [0.1, 0.5], "subsamples": 3,
    "subsample_fraction": 0.8, "min_stability": 0.6, "min_cells": 50, "seed": 0,
}  # fmt: skip
TABLES = ("samples", "cells", "clusters", "shares", "changes", "pairs")


def run(
    folder, species: str, cells: dict[str, list[str]], labelled: str = "myofibroblast", **changes
) -> dict[str, pd.DataFrame]:
    """Run the job on libraries (M0u, M0p, …) of cells of the given lineages; return its tables.

    ``labelled``: the user's label of the first normal cell of each library.
    """
    schema, rng = read_schema("config"), np.random.default_rng(1)
    settings = filled({}, schema["properties"]["stroma"], schema) | changes
    settings.pop("enabled")
    folder.mkdir(exist_ok=True)
    paths, sheet = [], []
    for sample, lineages in cells.items():
        counts, genes = library(lineages, species, rng)
        labels = {"sample": sample, "model": sample[:2], "timepoint": sample[2], "arm": sample[2]}
        names = [f"{sample}:{i}" for i in range(len(lineages))]
        obs = pd.DataFrame(labels, index=names) if names else pd.DataFrame(columns=list(labels))
        if species == "human":
            obs["lineage"], obs["lineage_by"] = "immune", "markers"
            obs.iloc[:1, [obs.columns.get_loc(name) for name in ("lineage", "lineage_by")]] = labelled, "annotation"
        var = pd.DataFrame({"gene_id": genes.to_numpy()}, index=genes)
        paths.append(folder / f"{sample}.h5ad")
        anndata.AnnData(counts.astype(np.int32), obs, var).write_h5ad(paths[-1])
        sheet.append(labels)
    known = sorted(panels.orthologues("human"))
    tumour = anndata.AnnData(
        np.zeros((len(sheet), len(known)), dtype=np.float32),
        pd.DataFrame(index=list(cells)),
        pd.DataFrame({"everywhere": True}, index=known),
    )
    tumour.layers["counts"] = rng.poisson(40, tumour.shape)
    tumour.write_h5ad(folder / "tumour.h5ad")
    output = {name: folder / f"{name}.tsv{'.gz' * (name == 'cells')}" for name in TABLES}
    given = {"samples": sheet, "kind": "host", "species": species, "timepoints": ["u", "p", "r"], "fdr": 0.05}
    given |= {"contrast": CONTRAST, "clusters": CLUSTERS, "stroma": settings}
    compare_stroma.main(
        SimpleNamespace(
            input=SimpleNamespace(cells=paths, tumour=folder / "tumour.h5ad"),
            params=SimpleNamespace(**given),
            output=SimpleNamespace(**output),
        )
    )
    return {name: pd.read_csv(path, sep="\t", keep_default_na=False, na_values=[""]) for name, path in output.items()}


def planted(models: int, n: int = 36) -> dict[str, list[str]]:
    """Return lineages of libraries in which macrophages grow from a third to two thirds."""
    found = {}
    for model in range(models):
        found[f"M{model}u"] = ["fibroblast"] * (2 * n // 3) + ["macrophage"] * (n // 3)
        found[f"M{model}p"] = ["fibroblast"] * (n // 3) + ["macrophage"] * (2 * n // 3 + model)
    return found


@pytest.mark.parametrize("species", ["mouse", "human"])
def test_lineages_are_named_counted_and_paired(tmp_path, species):
    found = run(tmp_path / "a", species, planted(3))
    assert found["samples"]["used"].eq("yes").all() and found["samples"]["note"].isna().all()
    assert set(found["clusters"]["lineage"]) == {"fibroblast", "macrophage"}
    changes = found["changes"].query("contrast == 'p vs u'").set_index("lineage")
    assert changes["n_models"].eq(3).all() and changes.loc["macrophage", "verdict"] == "rises"
    assert changes.loc["fibroblast", "verdict"] == "falls"
    assert set(found["pairs"]["lineage"]) == {"fibroblast", "macrophage"} and found["pairs"]["n_models"].eq(3).all()
    assert not found["pairs"].duplicated(["direction", "lineage", "ligand", "receptor"]).any()
    for name, table in found.items():
        again = run(tmp_path / "b", species, planted(3))[name] if name == "pairs" else table
        pd.testing.assert_frame_equal(table, again)


def test_libraries_with_few_cells_and_with_none_are_named(tmp_path):
    cells = planted(3) | {"M0p": [], "M1p": ["fibroblast"] * 9}
    found = run(tmp_path / "few", "mouse", cells)
    left = found["samples"].set_index("sample").query("used == 'no'")["note"]
    assert left.to_dict() == {"M0p": "0 cells, stroma.min_cells is 20", "M1p": "9 cells, stroma.min_cells is 20"}
    changes = found["changes"].query("contrast == 'p vs u'")
    assert set(changes["verdict"]) == {"too few models"} and changes["n_models"].eq(1).all()
    none = run(tmp_path / "none", "mouse", {"M0u": [], "M0p": []})
    assert all(none[name].empty for name in TABLES if name != "samples") and len(none["samples"]) == 2


def test_of_a_large_library_cells_are_drawn(tmp_path):
    found = run(tmp_path / "large", "mouse", planted(1, 90), max_cells=60)
    samples = found["samples"].set_index("sample")
    assert samples["drawn"].tolist() == [60, 60] and samples.loc["M0u", "cells"] == 90
    assert found["shares"].groupby("sample")["cells"].sum().tolist() == [60, 60]


@pytest.mark.parametrize("label", ["immune", "endothelial", "myofibroblast"])
def test_labels_of_the_user_stay_whatever_the_cluster(tmp_path, label):
    """Also a label that the stage cells would give by markers."""
    cells = run(tmp_path / label, "human", planted(3), label)["cells"]
    first = cells[cells["cell"].str.endswith(":0")]
    assert first["own_lineage"].eq(label).all()
    # One cell of 36 is more than the share below which lineages are joined (shares.MIN_SHARE).
    assert first["lineage"].eq(label).all() and cells["lineage"].eq(label).sum() == len(first)


def test_a_reference_that_no_cell_can_be_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"config: stroma.reference: no cell can be of the lineage 'fibroblsat'; give"):
        run(tmp_path / "a", "mouse", planted(3), reference="fibroblsat")
    found = run(tmp_path / "b", "human", planted(3), reference="myofibroblast")
    assert found["changes"]["reference"].eq("myofibroblast").all() and found["changes"]["effect"].notna().any()


def test_labels_in_some_libraries_alone_are_not_used():
    """Otherwise a lineage of two names seems to rise by one and to fall by the other."""
    none, most = np.full(9, "", dtype=object), np.array(["Fibroblast"] * 8 + [""], dtype=object)
    assert compare_stroma.are_comparable([most, most]) and compare_stroma.are_comparable([none, none])
    assert not compare_stroma.are_comparable([most, none]) and compare_stroma.are_comparable([])
    obs = pd.DataFrame({"lineage": ["Fibroblasts", "pericyte-like"], "lineage_by": "annotation"}, index=["a", "b"])
    cells = anndata.AnnData(np.zeros((2, 1), dtype=np.float32), obs)
    assert list(compare_stroma.given_labels(cells, ["fibroblast"])) == ["fibroblast", "pericyte-like"]


def test_a_rare_reference_stays_and_an_absent_one_is_refused():
    lineage, sample = pd.Series(["a"] * 150 + ["b"] * 150 + ["c"]), pd.Series(["s"] * 301)
    assert set(shares.join_rare(lineage, sample)) == {"a", "b", OTHER}
    assert set(shares.join_rare(lineage, sample, "c")) == {"a", "b", "c"}
    with pytest.raises(UserError, match=r"no stromal cell is of the lineage 'd' \(lineages found: a, b, c\); give one"):
        shares.join_rare(lineage, sample, "d")
