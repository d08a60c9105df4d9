"""A gene that gains reads of the host as the host's share grows: first of the signature unless it is distrusted."""

from __future__ import annotations

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from scripts.counts import other_species
from scripts.expression import compare_expression, learn_signature
from scripts.markers import find_markers
from scripts.profiles import aggregate_pseudobulk, inputs, join_profiles, profiles

N, MODELS = 200, ["P1", "P2", "P3", "P4", "P5"]
HUMAN, MOUSE = [f"GENE{i}" for i in range(N)], [f"Gene{i}" for i in range(N)]
MIXED, RISING = 3, [10, 11, 12]
"""A human gene that is given half the reads of its mouse counterpart, and genes that persisters express more."""
CONTRAST = {"baseline": "untreated", "persister": "persister"}
HOST_OF_SOUP = {"untreated": 0.05, "persister": 0.5}


def library(rng: np.random.Generator, timepoint: str, noise: np.ndarray) -> np.ndarray:
    """Return droplets × genes of both species: 40 human cells, 30 mouse cells and 600 empty droplets."""
    human, mouse = np.ones(N), np.ones(N)
    human[MIXED], mouse[MIXED] = 0.05, 20.0
    if timepoint == "persister":
        human[RISING] *= 2.0
    human, mouse = human * noise / (human * noise).sum(), mouse / mouse.sum()
    given = np.r_[np.zeros(N), mouse]
    given[MIXED], given[N + MIXED] = mouse[MIXED] / 2, mouse[MIXED] / 2
    own, share = np.r_[human, np.zeros(N)], HOST_OF_SOUP[timepoint]
    soup = (1 - share) * own + share * given
    rows = [rng.poisson(5000 * own + 300 * soup, (40, 2 * N)), rng.poisson(5000 * given + 300 * soup, (30, 2 * N))]
    return np.vstack([*rows, rng.poisson(50 * soup, (600, 2 * N))])


@pytest.fixture(scope="module")
def drawn() -> dict[str, tuple[dict, np.ndarray]]:
    """Return the libraries: labels and counts."""
    rng, found = np.random.default_rng(0), {}
    for model in MODELS:
        noise = np.exp(rng.normal(0, 0.5, N))
        for timepoint in HOST_OF_SOUP:
            labels = {"model": model, "timepoint": timepoint, "arm": timepoint, "replicate": "1", "assay": "scrna"}
            found[f"{model}_{timepoint}"] = labels, library(rng, timepoint, noise * np.exp(rng.normal(0, 0.1, N)))
    return found


def analyse(drawn, folder, make_job, distrust_share: float | None, with_host: bool = True) -> dict[str, pd.DataFrame]:
    """Run the steps from counts to signature and panels; return their tables."""
    genes = pd.DataFrame({"symbol": HUMAN + MOUSE, "species": ["graft"] * N + ["host"] * N}, index=HUMAN + MOUSE)
    counted, cells, sheet = [], [], []
    for sample, (labels, counts) in drawn.items():
        counted.append(folder / f"{sample}.counts.h5ad")
        anndata.AnnData(sparse.csr_matrix(counts.astype(np.int32)), var=genes).write_h5ad(counted[-1])
        cells.append(folder / f"{sample}.h5ad")
        obs = pd.DataFrame({"sample": sample, **labels}, index=[f"{sample}:{i}" for i in range(40)])
        var = pd.DataFrame({"gene_id": HUMAN}, index=HUMAN)
        anndata.AnnData(sparse.csr_matrix(counts[:40, :N].astype(np.int32)), obs=obs, var=var).write_h5ad(cells[-1])
        sheet.append({"sample": sample, **labels, "matrix": "", "column": "", "platform": ""})
    path = {name: folder / name for name in ("other.tsv", "pseudobulk.h5ad", "samples.tsv", "profiles.h5ad")}
    names = ("losses", "expression", "design", "signature", "left_out", "scores", "sizes", "heatmap")
    path |= {name: folder / f"{name}.tsv" for name in (*names, "markers", "panels", "marker_scores", "roc")}
    params = {"expected_cells": [70] * len(drawn), "ambient_max": 100, "distrust_share": distrust_share}
    other_species.main(make_job(input={"counts": counted}, output={"_": [path["other.tsv"]]}, params=params))
    aggregate_pseudobulk.main(
        make_job(
            input={"cells": cells} | ({"other_species": path["other.tsv"]} if with_host else {}),
            output={"pseudobulk": path["pseudobulk.h5ad"], "samples": path["samples.tsv"]},
            params={"samples": sheet, "libraries": list(drawn), "min_cells": 10},
        )
    )
    params = {"samples": sheet, "sheet": "samples.tsv", "genes": "intersection", "min_count": 10}
    join_profiles.main(
        make_job(
            input={"pseudobulk": path["pseudobulk.h5ad"], "tables": []},
            output={"profiles": path["profiles.h5ad"], "losses": path["losses"]},
            params=params | {"platforms": "together"},
        )
    )
    given = {"profiles": path["profiles.h5ad"], "expression": path["expression"]}
    rule = {"contrast": CONTRAST, "platforms": "together", "seed": 0}
    compare_expression.main(
        make_job(
            input={"profiles": path["profiles.h5ad"]},
            output={name: path[name] for name in ("expression", "design")},
            params=rule | {"fdr": 0.05},
        )
    )
    made = {name: path[name] for name in names[3:]}
    learn_signature.main(make_job(input=given, output=made, params=rule | {"size": 4, "sizes": [2]}))
    find_markers.main(
        make_job(
            input={
                "profiles": path["profiles.h5ad"],
                "cells": [],
                "differences": [],
                "locations": "resources/markers/surface_secreted.tsv",
                "assays": "resources/markers/assays.tsv",
            },
            output={name: path[name] for name in ("markers", "panels", "roc")}
            | {"scores": path["marker_scores"]}
            | {name: path["profiles.h5ad"].parent / f"{name}.tsv" for name in ("assays", "values", "positive")},
            params={"contrast": CONTRAST, "sizes": [1, 3], "permutations": 9, "random": 9, "seed": 0}
            | {"prevalences": [0.1], "samples": [{"sample": "none"}], "libraries": [], "compared": [], "fdr": 0.05},
        )
    )
    return {name: pd.read_csv(place, sep="\t") for name, place in path.items() if place.suffix != ".h5ad"}


@pytest.fixture
def folders(tmp_path):
    """Return a function that makes a folder."""

    def make(name: str):
        (tmp_path / name).mkdir()
        return tmp_path / name

    return make


def test_a_gene_that_follows_the_host_is_first_of_the_signature_unless_it_is_distrusted(drawn, folders, make_job):
    before = analyse(drawn, folders("before"), make_job, None)
    mixed = f"GENE{MIXED}"
    assert before["signature"].query("direction == 'up'")["gene"].iloc[0] == mixed
    assert before["markers"].query("pool == 'all genes'")["gene"].iloc[0] == mixed
    assert (before["left_out"]["gene"] == mixed).sum() == len(MODELS) and mixed in set(before["heatmap"]["gene"])
    assert set(before["expression"]["distrusted"]) == {"no"}

    after = analyse(drawn, folders("after"), make_job, 0.1)
    assert after["other.tsv"].query("distrusted == 'yes'")["other_symbol"].tolist() == [mixed]
    marked = after["expression"].set_index("gene")["distrusted"]
    assert marked.index[marked == "yes"].unique().tolist() == [mixed]
    for name in ("signature", "left_out", "heatmap", "markers"):
        assert mixed not in set(after[name]["gene"]), name
    assert not after["panels"]["genes"].str.split(",").explode().eq(mixed).any()
    assert set(after["signature"].query("direction == 'up'")["gene"][:3]) == {f"GENE{i}" for i in RISING}
    # What is measured of a gene stays what it was.
    numbers = [name for name in before["expression"] if name != "distrusted"]
    pd.testing.assert_frame_equal(before["expression"][numbers], after["expression"][numbers])


def test_a_study_without_a_host_has_the_results_that_it_had(drawn, folders, make_job):
    """Without the table nothing is marked, and every table is that of a study that distrusts none."""
    none, unasked = folders("none"), folders("unasked")
    first = analyse(drawn, none, make_job, None)
    second = analyse(drawn, unasked, make_job, 0.1, with_host=False)
    for name in set(first) - {"other.tsv"}:
        pd.testing.assert_frame_equal(first[name], second[name])
    assert len(inputs.read_distrusted(str(unasked / "profiles.h5ad"))) == 0
    assert profiles.read(str(unasked / "profiles.h5ad")).trusted.values.shape[1] == N
