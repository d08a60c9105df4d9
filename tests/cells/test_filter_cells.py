"""The stage's scripts from counts to tables and figures, on simulated libraries and on awkward ones."""

from __future__ import annotations

import json
from types import SimpleNamespace

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from scripts.base import job
from scripts.base.tables import read_labelled
from scripts.cells import call_cells, figures, filter_cells, tabulate_attrition
from scripts.cells.qc import STEPS
from scripts.figure.style import Style

AUDIT = ("reads", "reads_mapped_fraction", "valid_barcode_fraction_of_mapped", "reads_in_genes_fraction",
         "sequencing_saturation", "umis", "host_fraction_of_umis")  # fmt: skip
OUTPUTS = ("attrition", "by_arm", "rules", "libraries")
TABLES = ("quality", "barnyard", "ranks")
LABELS = {"sample": "S1", "model": "M", "timepoint": "persister", "arm": "cisplatin", "replicate": "1"}


@pytest.fixture
def run_stage(tmp_path, job_of, droplet_settings, cell_settings):
    """Return a function that runs call_cells and filter_cells on a counts matrix."""

    def run(adata, name="run", droplets=None, **changes):
        folder = tmp_path / name
        folder.mkdir()
        at = {
            part: str(folder / f"S1.{part}") for part in ("counts.h5ad", "calls.parquet", "soup.parquet", "calls.json")
        }
        adata.write_h5ad(at["counts.h5ad"])
        called = {"calls": at["calls.parquet"], "soup": at["soup.parquet"], "summary": at["calls.json"]}
        options = {**droplet_settings, **(droplets or {})}
        nested = {key: options.pop(key) for key in ("expected_cells", "seed")}
        call_cells.main(job_of({"counts": at["counts.h5ad"]}, called, droplets={**nested, "empty_drops": options}))
        settings = {
            key: {**value, **changes.get(key, {})} if isinstance(value, dict) else changes.get(key, value)
            for key, value in cell_settings.items()
        }
        outputs = {
            "cells": folder / "S1.h5ad",
            "host": folder / "S1.host.h5ad",
            "normal": folder / "S1.normal.h5ad",
            "droplets": folder / "S1.droplets.parquet",
            "summary": folder / "S1.summary.json",
            **{name: folder / f"S1.{name}.tsv" for name in TABLES},
        }
        filter_cells.main(job_of({"counts": at["counts.h5ad"], **called}, outputs, cells=settings, labels=LABELS))
        return SimpleNamespace(
            folder=folder,
            cells=anndata.read_h5ad(outputs["cells"]),
            host=anndata.read_h5ad(outputs["host"]),
            normal=anndata.read_h5ad(outputs["normal"]),
            droplets=pd.read_parquet(outputs["droplets"]),
            summary=json.loads(outputs["summary"].read_text()),
            tables={name: read_labelled(outputs[name]) for name in TABLES},
        )

    return run


def check_contract(result, adata):
    """Assert what every later stage relies on, whatever the library was like."""
    droplets, cells = result.droplets, result.cells
    assert list(droplets["barcode"]) == list(adata.obs_names)
    assert set(droplets["filter_failed"]) <= {"", *STEPS}
    assert set(droplets["species_call"]) <= {"", "graft", "host", "mixed"}
    assert ((droplets["filter_failed"] == "empty") == ~droplets["cell_call"]).all()
    assert ((droplets["filter_failed"] == "doublet") == droplets["doublet"]).all()
    kept = droplets[droplets["filter_failed"] == ""]
    assert list(cells.obs_names) == [f"S1:{barcode}" for barcode in kept["barcode"]]
    assert (kept["species_call"] == "graft").all()
    stroma = droplets[(droplets["species_call"] == "host") & (droplets["host_filter"] == "")]
    assert list(result.host.obs_names) == [f"S1:{barcode}" for barcode in stroma["barcode"]]
    assert (droplets["host_filter"][droplets["species_call"] != "host"] == "").all()
    for part, species in ((cells, "graft"), (result.host, "host")):
        assert set(part.var["gene_id"]) == set(adata.var_names[adata.var["species"] == species])
        assert part.var_names.is_unique
        assert sparse.issparse(part.X) and np.issubdtype(part.X.dtype, np.integer)
        columns = ["sample", "model", "timepoint", "arm", "replicate"]
        columns += ["total_counts", "n_genes", "pct_counts_mt", "graft_fraction", "ambient_fraction", "doublet_score"]
        assert list(part.obs.columns) == columns
    steps = pd.DataFrame(result.summary["attrition"])
    assert list(steps["step"]) == list(STEPS)
    assert steps["barcodes_before"].iloc[0] == len(droplets)
    assert steps["remaining"].iloc[-1] == len(kept) == result.summary["cells_kept"]
    check_figures(result, adata)


def check_figures(result, adata):
    """Assert that every droplet with a cell, every barcode and every measure is in what is drawn."""
    summary, tables = result.summary, result.tables
    audit = dict.fromkeys(AUDIT, None)
    libraries = tabulate_attrition.tabulate_libraries([summary], {"S1": audit}, {})
    style = Style(models=("M",), timepoints=("untreated", "persister"), contrast={"baseline": "untreated"})
    assert tables["barnyard"]["droplets"].sum() == summary["cells"] == libraries["droplets"].iloc[0]
    verdicts = tables["barnyard"].groupby("verdict")["droplets"].sum()
    assert verdicts.get("kept tumour cell", 0) == summary["cells_kept"] == libraries["kept"].iloc[0]
    of_all = tables["ranks"].query("barcodes == 'all barcodes'")
    assert of_all["rank"].max() == (np.asarray(adata.X.sum(axis=1)).ravel() > 0).sum()
    medians = tables["quality"].set_index("measure")["median"]
    for measure in medians.index:
        assert medians[measure] == pytest.approx(result.cells.obs[measure].median(), rel=1e-5)
    assert len(medians) or not summary["cells_kept"]
    if summary["cells"]:
        assert len(figures.draw_barnyard(tables["barnyard"], libraries, style).panels) == 1
        assert figures.draw_ranks(tables["ranks"], libraries, style).n.startswith("1 library")
        assert (figures.draw_quality(tables["quality"], style) is None) == (not summary["cells_kept"])


# The demo's extremes; empty droplets hold 40 % of the soup of a droplet with a cell, as there.
@pytest.mark.parametrize("ambient, host_share", [(0.08, 0.25), (0.18, 0.6), (0.27, 0.2)])
def test_demo_like_library_against_its_truth(simulate, run_stage, ambient, host_share):
    empty = 0.4 * ambient / (1 - ambient) * 1_000
    library = simulate.simulate_library(
        seed=21,
        ambient=ambient,
        host_share=host_share,
        graft_umis=1_000,
        host_umis=620,
        empty_umis=empty,
        empties=1_200,
    )
    adata, truth = library.adata(), library.truth
    result = run_stage(adata)
    check_contract(result, adata)
    droplets, summary = result.droplets, result.summary
    is_cell, single = truth["kind"].ne("empty"), truth["kind"].eq("cell")
    # The issue's targets.
    assert droplets["cell_call"][is_cell].mean() >= 0.95
    assert droplets["cell_call"][~is_cell].mean() <= 0.02
    called = single & droplets["cell_call"]
    assert (droplets["species_call"] == truth["species"])[called].mean() >= 0.99
    graft = single & truth["species"].eq("graft")
    true_ambient = truth["ambient_umis"][graft].sum() / truth["total"][graft].sum()
    assert summary["ambient_fraction"] == pytest.approx(true_ambient, abs=0.03)
    assert summary["mixed_rate"] == pytest.approx(truth["species"].eq("mixed").sum() / is_cell.sum(), rel=0.2)
    assert summary["soup_source"] == "empty droplets" and summary["droplets_method"] == "knee and test"
    low, high = summary["doublet_rate"]["low"], summary["doublet_rate"]["high"]
    assert low <= 0.08 <= high
    # Counts of kept cells are the library's own.
    own = library.counts[(droplets["filter_failed"] == "").to_numpy()][:, : simulate.GRAFT_GENES]
    assert (own != result.cells.X).nnz == 0
    assert list(result.cells.obs["total_counts"]) == list(np.asarray(own.sum(axis=1)).ravel())


def test_same_input_gives_the_same_output(simulate, run_stage):
    adata = simulate.simulate_library(seed=22, cells=150, empties=300).adata()
    first, second = (run_stage(adata, name=name, ambient={"subtract": True}) for name in ("first", "second"))
    pd.testing.assert_frame_equal(first.droplets, second.droplets)
    pd.testing.assert_frame_equal(first.cells.obs, second.cells.obs)
    assert (first.cells.X != second.cells.X).nnz == 0
    for name in ("S1.summary.json", *(f"S1.{table}.tsv" for table in TABLES), "S1.soup.parquet", "S1.calls.parquet"):
        assert (first.folder / name).read_bytes() == (second.folder / name).read_bytes()


def test_subtraction_removes_the_measured_ambient_umis(simulate, run_stage):
    library = simulate.simulate_library(seed=23, cells=200, ambient=0.25, empty_umis=80)
    without = {"enabled": False}  # doublets are no part of it
    plain = run_stage(library.adata(), name="plain", doublets=without)
    clean = run_stage(library.adata(), name="clean", ambient={"subtract": True}, doublets=without)
    assert list(clean.cells.obs_names) == list(plain.cells.obs_names)
    assert (clean.cells.layers["uncorrected"] != plain.cells.X).nnz == 0
    assert np.issubdtype(clean.cells.X.dtype, np.integer) and (clean.cells.X.data > 0).all()
    removed = plain.cells.X.sum() - clean.cells.X.sum()
    assert removed == clean.summary["ambient_umis_subtracted"]
    obs = clean.cells.obs
    host_umis = obs["total_counts"] / obs["graft_fraction"] - obs["total_counts"]
    expected = (
        obs["ambient_fraction"] * (obs["total_counts"] + host_umis) * (1 - clean.summary["soup_host_fraction"])
    ).sum()
    # One UMI a cell by rounding.
    assert removed == pytest.approx(expected, abs=clean.cells.n_obs)


def only_graft(library):
    """Return a library's graft genes as an AnnData."""
    adata = library.adata()
    return adata[:, adata.var["species"] == "graft"].copy()


def test_without_host_genes_nothing_is_guessed(simulate, run_stage):
    adata = only_graft(simulate.simulate_library(seed=24, cells=300, host_share=0.0))
    result = run_stage(adata, ambient={"subtract": True})
    check_contract(result, adata)
    summary = result.summary
    assert (
        summary["ambient_fraction"] is None and summary["mixed_rate"] is None and summary["soup_host_fraction"] is None
    )
    assert summary["cells_graft"] == summary["cells"] and summary["cells_host"] == 0
    assert any("no host genes" in note for note in summary["notes"])
    assert summary["doublet_rate"]["source"] == "cells loaded"
    assert summary["doublet_rate"]["among_graft"] == pytest.approx(0.008 * summary["cells"] / 1_000)
    assert result.cells.obs["ambient_fraction"].isna().all()
    assert result.host.n_obs == 0 and result.host.n_vars == 0
    assert "ambient_umis_subtracted" not in summary


def test_library_of_host_cells_only(simulate, run_stage):
    adata = simulate.simulate_library(seed=25, cells=200, host_share=1.0).adata()
    result = run_stage(adata)
    check_contract(result, adata)
    assert result.cells.n_obs == 0 and result.cells.n_vars == simulate.GRAFT_GENES
    assert result.summary["cells_host"] == result.summary["cells"]
    assert 0.8 * result.summary["cells"] <= result.host.n_obs == result.summary["cells_host_kept"]
    assert any("fewer than 50" in note for note in result.summary["notes"])


def test_five_cells(simulate, run_stage):
    adata = simulate.simulate_library(seed=26, cells=5, host_share=0.2, doublet_rate=0).adata()
    result = run_stage(adata)
    check_contract(result, adata)
    assert result.cells.n_obs == 4
    assert result.summary["doublets_flagged"] == 0
    assert result.cells.obs["doublet_score"].isna().all()


@pytest.mark.parametrize("host_genes", [True, False])
def test_library_of_empty_droplets_only(run_stage, host_genes):
    counts = sparse.csr_matrix(np.random.default_rng(1).poisson(0.4, size=(900, 100)).astype(np.int32))
    species = np.repeat(["graft", "host" if host_genes else "graft"], 50)
    var = pd.DataFrame(
        {"symbol": [f"G{i}" for i in range(100)], "species": species}, index=[f"E{i}" for i in range(100)]
    )
    adata = anndata.AnnData(counts, obs=pd.DataFrame(index=[f"B{i}" for i in range(900)]), var=var)
    result = run_stage(adata, ambient={"subtract": True}, qc={"method": "mads"})
    check_contract(result, adata)
    assert result.summary["cells"] == 0 and result.cells.n_obs == 0 and result.host.n_obs == 0


def test_filtered_matrix_takes_the_soup_from_the_other_species(simulate, run_stage):
    library = simulate.simulate_library(seed=27, ambient=0.2, empties=0, host_share=0.4)
    result = run_stage(library.adata(), doublets={"enabled": False})
    check_contract(result, library.adata())
    assert result.summary["droplets_method"] == "all"
    assert (result.droplets["filter_failed"] != "empty").all()
    assert result.summary["soup_source"] == "cells of the other species"
    truth = library.truth
    graft = truth["kind"].eq("cell") & truth["species"].eq("graft")
    # Soup from medians of cells instead of empty droplets: twice the issue's tolerance.
    assert result.summary["ambient_fraction"] == pytest.approx(
        truth["ambient_umis"][graft].sum() / truth["total"][graft].sum(), abs=0.06
    )


def test_cells_without_variance(run_stage):
    # Sixty identical cells: no doublet can be told, no MAD is positive; nothing is lost for it.
    counts = sparse.csr_matrix(np.full((60, 120), 5, dtype=np.int32))
    var = pd.DataFrame(
        {"symbol": [f"G{i}" for i in range(120)], "species": "graft"}, index=[f"E{i}" for i in range(120)]
    )
    adata = anndata.AnnData(counts, obs=pd.DataFrame(index=[f"B{i}" for i in range(60)]), var=var)
    result = run_stage(adata, qc={"method": "mads"})
    check_contract(result, adata)
    assert result.cells.n_obs == 60
    notes = " ".join(result.summary["notes"])
    assert "no doublet scores" in notes and "no mitochondrial graft gene" in notes
    assert result.cells.obs["pct_counts_mt"].isna().all()


def test_verdicts_come_in_order(simulate, run_stage):
    adata = simulate.simulate_library(seed=28, cells=300, graft_types=3).adata()
    loose = run_stage(adata, name="loose")
    half_mt = float(loose.cells.obs["pct_counts_mt"].median())
    strict = run_stage(adata, name="strict", qc={"min_counts": 900, "min_genes": 260, "max_pct_mt": half_mt})
    check_contract(strict, adata)
    # A stricter cut moves cells from kept to cut and touches nothing decided before.
    before = loose.droplets["filter_failed"].isin(["empty", "host", "mixed", "doublet"])
    assert (strict.droplets["filter_failed"][before] == loose.droplets["filter_failed"][before]).all()
    assert {"low_counts", "high_mt"} <= set(strict.droplets["filter_failed"])
    low = strict.droplets["filter_failed"] == "low_counts"
    assert (strict.droplets["total_counts"][low] < 900).all()
    high_mt = strict.droplets[strict.droplets["filter_failed"] == "high_mt"]
    assert (
        (high_mt["pct_counts_mt"] >= half_mt).all()
        and (high_mt["total_counts"] >= 900).all()
        and (high_mt["n_genes"] >= 260).all()
    )


def test_switched_off_doublets_are_not_scored(simulate, run_stage):
    adata = simulate.simulate_library(seed=29, cells=200).adata()
    result = run_stage(adata, doublets={"enabled": False})
    assert result.droplets["doublet_score"].isna().all() and not result.droplets["doublet"].any()
    assert "doublet detection is off" in result.summary["notes"]


@pytest.mark.parametrize(
    "adata, message",
    [
        (anndata.AnnData(sparse.csr_matrix(np.ones((3, 2)))), "no column species, symbol"),
        (
            anndata.AnnData(
                sparse.csr_matrix((3, 2), dtype=np.int32),
                var=pd.DataFrame({"symbol": ["A", "B"], "species": "graft"}, index=["E1", "E2"]),
            ),
            "has no UMI",
        ),
    ],
)
def test_users_mistakes_are_named(tmp_path, job_of, droplet_settings, adata, message):
    path = tmp_path / "S1.h5ad"
    adata.write_h5ad(path)
    options = {"expected_cells": 400, "seed": 0, "empty_drops": {}}
    with pytest.raises(job.UserError, match=message) as caught:
        call_cells.main(job_of({"counts": str(path)}, {}, droplets=options))
    assert str(path) in str(caught.value)


def test_calls_of_another_matrix_are_refused(simulate, run_stage, job_of, cell_settings, tmp_path):
    adata = simulate.simulate_library(seed=30, cells=60, empties=100).adata()
    result = run_stage(adata)
    adata[::-1].copy().write_h5ad(tmp_path / "other.h5ad")
    inputs = {part: str(result.folder / f"S1.{part}.parquet") for part in ("calls", "soup")}
    inputs |= {"counts": str(tmp_path / "other.h5ad"), "summary": str(result.folder / "S1.calls.json")}
    with pytest.raises(job.UserError, match="barcodes differ"):
        filter_cells.main(job_of(inputs, {}, cells=cell_settings, labels=LABELS))


def test_tables_of_a_study(simulate, run_stage, job_of, tmp_path):
    paths = []
    for number, arm in enumerate(["untreated", "cisplatin", "untreated"]):
        adata = simulate.simulate_library(seed=31 + number, cells=120, empties=200).adata()
        result = run_stage(adata, name=f"run{number}", doublets={"enabled": False})
        path = tmp_path / f"{number}.json"
        path.write_text(json.dumps({**result.summary, "sample": f"S{number}", "arm": arm}))
        paths.append(path)
        audit = {**dict.fromkeys(AUDIT, 0.25), "sample": f"S{number}", "reads": 1000, "umis": 500}
        (tmp_path / f"{number}.audit.json").write_text(json.dumps(audit))
    chemistry = tmp_path / "chemistry.json"
    chemistry.write_text(json.dumps({"sample": "S1", "name": "v3", "units": {"L001": {}, "L002": {}}}))
    audits = [tmp_path / f"{number}.audit.json" for number in range(3)]
    out = {name: tmp_path / f"{name}.tsv" for name in OUTPUTS}
    tabulate_attrition.main(job_of({"summaries": paths, "audits": audits, "chemistries": [chemistry]}, out))
    table = pd.read_csv(out["attrition"], sep="\t")
    assert list(table["sample"].unique()) == ["S0", "S1", "S2"]
    rules = pd.read_csv(out["rules"], sep="\t")
    assert set(rules["rule"]) == {"threshold", "mixture", "ambient", "cellranger"}
    assert (rules[["graft", "host", "mixed"]].sum(axis=1) == rules["droplets"]).all()
    libraries = pd.read_csv(out["libraries"], sep="\t").set_index("sample")
    assert list(libraries["chemistry"]) == ["counts given", "v3", "counts given"]
    assert libraries["lanes"].isna().tolist() == [True, False, True] and libraries.at["S1", "lanes"] == 2
    assert (libraries[["mapped", "saturation"]] == 25).all(axis=None) and (libraries["reads"] == 1000).all()
    kept = table[table["step"] == STEPS[-1]].set_index("sample")["remaining"]
    assert (libraries["kept"] == kept).all() and libraries["knee"].gt(0).all()


def test_study_without_single_cells_still_makes_its_files(job_of, tmp_path):
    out = {name: tmp_path / f"{name}.tsv" for name in OUTPUTS}
    tabulate_attrition.main(job_of({"summaries": [], "audits": [], "chemistries": []}, out))
    assert out["by_arm"].read_text().startswith("arm\ttimepoint\tstep")
    assert list(read_labelled(out["libraries"]).columns) == tabulate_attrition.LIBRARY_COLUMNS


# -- a tumour without a host


def counts_of_tumour(simulate, seed: int, **options):
    """Return the library as counts/{sample}.h5ad holds it, without empty droplets, and each barcode's kind."""
    cells = simulate.simulate_tumour(seed, **options)
    n = cells.n_obs
    barcodes = ["".join("ACGT"[(i >> 2 * k) & 3] for k in range(8)) for i in range(n)]
    var = pd.DataFrame(
        {"symbol": list(cells.var_names), "species": "graft"}, index=[f"E{i}" for i in range(cells.n_vars)]
    )
    adata = anndata.AnnData(
        cells.X.astype(np.int32), obs=pd.DataFrame(index=pd.Index(barcodes, name="barcode")), var=var
    )
    return adata, cells.obs["kind"].to_numpy(dtype=str)


def test_normal_cells_of_a_tumour_are_an_object_of_their_own(simulate, run_stage):
    adata, kind = counts_of_tumour(simulate, 6)
    result = run_stage(adata, qc={"method": "mads"}, doublets={"enabled": False})
    droplets, summary = result.droplets, result.summary
    assert summary["composition"] == "tumour" and summary["malignant_evidence"] == "markers and copy numbers"
    steps = pd.DataFrame(result.summary["attrition"]).set_index("step")["removed"]
    assert steps["normal"] == result.normal.n_obs == summary["cells_normal"] == sum(summary["lineages"].values())
    assert steps["unsure"] == summary["cells_unsure"]
    assert set(kind[(droplets["filter_failed"] == "").to_numpy()]) == {"tumour"}
    assert (droplets["filter_failed"][kind != "tumour"] == "normal").mean() >= 0.95
    assert list(result.normal.obs_names) == [
        f"S1:{b}" for b in droplets["barcode"][droplets["filter_failed"] == "normal"]
    ]
    assert {"immune", "fibroblast", "other"} <= set(result.normal.obs["lineage"])
    assert result.normal.var_names.equals(result.cells.var_names)


def test_a_cell_line_keeps_all_its_cells_and_an_annotation_wins(simulate, run_stage, tmp_path):
    adata, kind = counts_of_tumour(simulate, 6, n_genes=3_000, arms=0)
    pure = run_stage(adata, "pure", composition="pure", doublets={"enabled": False})
    assert not (pure.droplets["filter_failed"] == "normal").any() and pure.normal.n_obs == 0
    assert set(pure.droplets["malignant"]) == {""} and pure.summary["malignant_evidence"] == ""
    path = tmp_path / "cells.tsv"
    labels = pd.DataFrame({"barcode": adata.obs_names, "label": np.where(kind == "tumour", "malignant", kind)})
    labels.to_csv(path, sep="\t", index=False)
    own = run_stage(adata, "own", malignant="off", annotation=str(path), doublets={"enabled": False})
    assert (own.droplets["malignant"] == np.where(kind == "tumour", "malignant", "normal")).all()
    assert own.summary["lineages"] == {name: int((kind == name).sum()) for name in np.unique(kind) if name != "tumour"}
