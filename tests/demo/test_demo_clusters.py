"""The demo's clusters, scores and links against what was planted in its cells."""

from itertools import pairwise

import anndata
import numpy as np
import pandas as pd
import pytest
from checkout import only_whole
from scipy import stats

TIMEPOINTS = ["untreated", "persister", "relapse"]


@pytest.fixture(scope="module")
def listed(results) -> dict[str, pd.DataFrame]:
    """Return, by model, the cells as the stage lists them."""
    folders = sorted(path.parent for path in (results / "clusters").glob("*/cells.tsv.gz"))
    text = {"cluster": str, "phase": str}
    return {folder.name: pd.read_csv(folder / "cells.tsv.gz", sep="\t", dtype=text) for folder in folders}


@pytest.fixture(scope="module")
def known(listed, truth) -> pd.DataFrame:
    """Return the single graft cells of all models next to what was planted in them."""
    tables = []
    for model, cells in listed.items():
        for sample, rows in cells.groupby("sample"):
            planted = pd.read_csv(truth / f"{sample}.cells.tsv", sep="\t").set_index("barcode")
            planted = planted[(planted["kind"] == "cell") & (planted["species"] == "graft")]
            rows = rows.assign(model=model, barcode=rows["cell"].str.rsplit(":", n=1).str[-1])
            tables.append(rows.join(planted, on="barcode", how="inner", rsuffix="_planted"))
    return pd.concat(tables, ignore_index=True)


@pytest.fixture(scope="module")
def links(results, listed) -> dict[str, pd.DataFrame]:
    """Return, by model, the links through time."""
    names = {"cluster_from": str, "cluster_to": str}
    tables = {model: pd.read_csv(results / "clusters" / model / "links.tsv", sep="\t", dtype=names) for model in listed}
    return {model: table.fillna({"cluster_from": "", "cluster_to": ""}) for model, table in tables.items()}


def part(score: pd.Series, group: pd.Series) -> float:
    """Return the probability that a cell of the group scores higher than another one."""
    rank = stats.mannwhitneyu(score[group], score[~group]).statistic
    return rank / (group.sum() * (~group).sum())


def explained(value: pd.Series, cluster: pd.Series) -> float:
    """Return the share of a value's variance that lies between the clusters."""
    between = value.groupby(cluster).transform("mean")
    return between.var() / value.var()


def test_every_kept_cell_is_listed_once(results, listed, libraries):
    kept = [anndata.read_h5ad(results / "cells" / f"{sample}.h5ad").obs_names for sample in libraries.index]
    found = pd.concat(listed.values())["cell"]
    assert found.is_unique
    assert set(found) == set().union(*kept)


def test_cycling_cells_are_called_by_their_phase(known):
    """S and G2/M: ≥ 0.95 of the planted cells, and ≥ 0.85 of all cells have their phase, in every model.

    Planted genes of a phase rise three to five times, so cycling cells are hard to miss (measured: all but one of
    999). Tirosh's rule has no margin: a resting cell is called cycling as soon as either score is above 0, which befell
    7 to 18 % of them.
    """
    for model, cells in known.groupby("model"):
        right = cells["phase"] == cells["phase_planted"]
        assert right[cells["phase_planted"] != "G1"].mean() >= 0.95, model
        assert right.mean() >= 0.85, model


@pytest.mark.parametrize(("score", "tf"), [("stress", "EGR1"), ("hypoxia", "HIF1A")])
def test_scores_tell_the_planted_cells(known, score, tf):
    """A cell with the programme scores above one without in ≥ 97 % of pairs, in every sample (measured: ≥ 98.8 %)."""
    for sample, cells in known.groupby("sample"):
        assert part(cells[score], cells[f"activity_{tf}"] > 0) >= 0.97, sample


def test_dissociation_stress_is_the_same_in_both_arms(known):
    """The treated arm is no more stressed than was planted.

    Persister minus untreated, in units of stressed minus other cells, less what was planted. Six of the 35 genes that
    make the score here answer the persister factors too (NFKBIA, SERPINE1 …), and of 470 genes most controls answer
    some factor: shifts of 0.07 to 0.14 were measured. 0.25 is the limit for a model, 0.15 for the mean of all.
    """
    shifts = []
    for model, cells in known.groupby("model"):
        stressed = cells["activity_EGR1"] > 0
        unit = cells["stress"][stressed].mean() - cells["stress"][~stressed].mean()
        persister, untreated = (cells["timepoint"] == timepoint for timepoint in ("persister", "untreated"))
        found = (cells["stress"][persister].mean() - cells["stress"][untreated].mean()) / unit
        shifts.append(found - (stressed[persister].mean() - stressed[untreated].mean()))
        assert abs(shifts[-1]) < 0.25, model
    assert abs(np.mean(shifts)) < 0.15


@only_whole
def test_clusters_follow_the_persister_programme_and_not_dissociation(known):
    """Where persisters are divided, it is by FOSL1's activity (≥ half its variance outside of the planted cluster;
    measured: ≥ 0.8), not by stress.

    Stress is drawn independently of it: ≤ 0.1 of its variance (by chance 1/170 a cluster).
    """
    divided = [
        (model, cells)
        for model, cells in known[known["timepoint"] == "persister"].groupby("model")
        if cells["cluster"].nunique() > 1
    ]
    assert len(divided) >= 4  # of five models
    for model, cells in divided:
        cells = cells[cells["cluster_secretory"] == 0]
        assert explained(cells["activity_FOSL1"], cells["cluster"]) >= 0.5, model
        assert explained(cells["activity_EGR1"], cells["cluster"]) <= 0.1, model


@only_whole
def test_clusters_of_single_models_find_the_planted_cluster(known):
    """Two or more models divide their persisters by it."""
    own = known[known["timepoint"] == "persister"].groupby(["model", "cluster"])["cluster_secretory"].mean()
    assert (own > 0.9).groupby("model").any().sum() >= 2


def test_every_cluster_has_a_link_or_a_verdict(listed, links):
    """Of five models four keep a cluster or more in every step. Untreated cells of HBCx172 are divided by cycle and
    hypoxia (six clusters, which explain 0.6 of the variance of either score), and none of them is followed.
    """
    without = set()
    for model, cells in listed.items():
        present = [timepoint for timepoint in TIMEPOINTS if (cells["timepoint"] == timepoint).any()]
        assert len(present) >= 2
        for before, after in pairwise(present):
            step = links[model].query("timepoint_from == @before and timepoint_to == @after")
            for timepoint, column in ((before, "cluster_from"), (after, "cluster_to")):
                clusters = set(cells.loc[cells["timepoint"] == timepoint, "cluster"])
                assert set(step[column]) - {""} == clusters, (model, timepoint)
            if not (step["status"] == "kept").any():
                without.add(model)
        assert set(links[model]["status"]) <= {"kept", "lost", "emerged"}
    assert len(without) <= max(1, len(listed) // 5), without


@only_whole
def test_the_persister_state_emerges_and_is_lost_at_relapse(known, links):
    """The cluster of AP-1 active cells emerges with treatment in ≥ 4 of 5 models, and no relapse is shown to have it.

    A relapse of one cluster whose position decides nothing (basis undivided) follows every cluster.
    """
    emerged = {}
    for model, table in links.items():
        cells = known[(known["model"] == model) & (known["timepoint"] == "persister")]
        activity = cells.groupby("cluster")["activity_FOSL1"].mean()
        new = table[(table["timepoint_to"] == "persister") & (table["status"] == "emerged")]["cluster_to"]
        if activity.idxmax() in set(new) and activity.max() > 2 * activity.drop(set(new)).max():
            emerged[model] = activity.idxmax()
    assert len(emerged) >= 4
    steps = [
        links[model].query("timepoint_from == 'persister' and cluster_from == @cluster")
        for model, cluster in emerged.items()
        if (links[model]["timepoint_to"] == "relapse").any()
    ]
    assert any((step["status"] == "lost").all() for step in steps)
    assert all(((step["status"] == "lost") | (step["basis"] == "undivided")).all() for step in steps)
