"""Clusters of the study in a biopsy: assignment at unknown shares, models left out, and what cannot be placed."""

import dataclasses
from types import SimpleNamespace

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from scripts.base.expression import read_cells
from scripts.biopsy import clusters, describe, features, freeze
from scripts.growth import sample_effects

STATES = ("untreated", "persister")
GENES = [f"G{number}" for number in range(120)]
SETS = {"0": range(15), "1": range(15, 30)}
"""Genes by which cells of a cluster differ; those of cluster 2 have none."""
TABLE = pd.DataFrame({"cluster": ["0", "1", "2"], "genes": ["G0, G1, G2, G3", "G15, G16", None]})


def draw(rng, shares: dict[str, float], n: int = 150, depth: float = 1500.0, gain: float = 1.2):
    """Return counts and cluster of the cells of one sample of a new patient."""
    cluster = rng.choice(list(shares), size=n, p=list(shares.values()))
    rate = np.tile(LEVEL * rng.lognormal(0, 0.4, len(GENES)), (n, 1))
    for name, genes in SETS.items():
        rate[np.ix_(cluster == name, list(genes))] *= np.exp(gain)
    rate *= (depth * rng.lognormal(0, 0.3, n) / rate.sum(axis=1))[:, None]
    return sparse.csr_matrix(rng.poisson(rate).astype(np.int32)), cluster


LEVEL = np.random.default_rng(5).lognormal(0, 0.8, len(GENES))
USUAL = {"0": 0.15, "1": 0.25, "2": 0.6}


@pytest.fixture(scope="module")
def training():
    """Return the training cells of five models, each untreated and persister."""
    rng, parts, rows = np.random.default_rng(1), [], []
    for model in "ABCDE":
        for state in STATES:
            counts, cluster = draw(rng, USUAL)
            parts.append(counts)
            rows += [(f"{model}_{state}", model, state, name) for name in cluster]
    labels = pd.DataFrame(rows, columns=["sample", "model", "timepoint", clusters.LABEL])
    labels.index = [f"c{number}" for number in range(len(labels))]
    return anndata.AnnData(sparse.vstack(parts, format="csr"), obs=labels, var=pd.DataFrame(index=GENES))


def place(training, query, table=TABLE) -> pd.DataFrame:
    """Return the rows of a biopsy's counts, by cluster."""
    matched = features.match(training, query, GENES, seed=0)
    rows = clusters.place(table, training.obs.reset_index(drop=True), matched, STATES, 0.95)
    assert list(rows.columns) == describe.ROWS
    return rows.assign(cluster=rows["item"].str[0]).set_index("cluster")


@pytest.mark.parametrize("share", [0.0, 0.15, 0.5, 0.85, 0.95, 0.98, 1.0])
def test_a_share_is_found_whatever_the_others_are(training, share):
    """If a sample is of one cluster alone, its sample effect identifies it: for another cluster it would be unusual."""
    rest = 1 - share
    query, cluster = draw(np.random.default_rng(9), {"0": share, "1": rest * 0.3, "2": rest * 0.7})
    rows = place(training, query)
    for name in rows.index:
        assert rows.loc[name, "value"] == pytest.approx((cluster == name).mean(), abs=0.04), name
    assert rows["value"].sum() == pytest.approx(1)
    call = rows.loc["0", "call"]
    assert call == ("above untreated" if share >= 0.5 else "as untreated" if share == 0.15 else "below untreated")
    assert rows.loc["0", "item"] == "0: G0, G1, G2" and rows.loc["2", "item"] == "2"


def test_the_mean_of_the_sample_alone_would_not_do(training):
    """The cells of a biopsy that is almost of one cluster: less its own mean, they look like the usual mixture."""
    sample, cluster = (training.obs[name].to_numpy(dtype=object) for name in ("sample", clusters.LABEL))
    query, own = draw(np.random.default_rng(9), {"0": 0.85, "1": 0.05, "2": 0.1})
    known, values = clusters.components(training.X, query, sample)
    rule = sample_effects.learn(known, sample, cluster)
    usual = values - values.mean(axis=0)
    apart = ((usual + rule.shares @ rule.means)[:, None, :] - rule.means) @ rule.axes
    nearest = rule.names[(apart**2).sum(axis=2).argmin(axis=1)]
    assert (nearest == own).mean() < 0.8 < 0.95 < (rule.assign(values) == own).mean()


def test_a_shallow_biopsy_is_compared_at_its_own_depth(training):
    query, cluster = draw(np.random.default_rng(3), USUAL, depth=400.0)
    rows = place(training, query)
    assert (rows["call"] == "as untreated").all()
    assert (rows["value"] - pd.Series(cluster).value_counts(normalize=True)).abs().max() < 0.1


def test_training_models_are_assigned_without_themselves(training):
    """What a model's cells are called must not depend on their own labels."""
    labels = training.obs.reset_index(drop=True)
    values, _ = clusters.components(training.X, training.X[:0], labels["sample"].to_numpy())
    found, names = clusters.assign_left_out(values, labels)
    wrong = labels.assign(**{clusters.LABEL: labels[clusters.LABEL].mask(labels["model"] == "A", "2")})
    again, _ = clusters.assign_left_out(values, wrong)
    own = (labels["model"] == "A").to_numpy()
    assert (found[own] == again[own]).all() and (found == labels[clusters.LABEL]).mean() > 0.95
    assert all(list(known) == ["0", "1", "2"] for known in names.values()) and len(names) == 5


def test_a_cluster_that_left_out_models_do_not_show_is_not_placed(training):
    """Labels at random have no marker genes."""
    rng = np.random.default_rng(2)
    at_random = np.where(rng.random(training.n_obs) < 0.3, "3", training.obs[clusters.LABEL])
    noisy = training.copy()
    noisy.obs[clusters.LABEL] = at_random
    rows = place(noisy, draw(rng, USUAL)[0], pd.concat([TABLE, pd.DataFrame({"cluster": ["3"], "genes": ["G50"]})]))
    assert np.isnan(rows.loc["3", "value"]) and rows.loc["3", "call"] == ""
    assert rows.loc["3", "note"].startswith("not placed: in models left out")
    assert (rows.loc[["0", "1"], "call"] == "as untreated").all()


def test_no_row_without_common_clusters(training):
    query, _ = draw(np.random.default_rng(4), USUAL)
    assert place(training, query, TABLE.iloc[:0]).empty
    former = training.copy()
    del former.obs[clusters.LABEL]
    assert place(former, query).empty
    one = training.copy()
    one.obs[clusters.LABEL] = "0"
    assert place(one, query).empty


def test_two_models_give_shares_and_no_call(training):
    few = training[training.obs["model"].isin(["A", "B"])].copy()
    rows = place(few, draw(np.random.default_rng(4), USUAL)[0])
    assert rows["value"].notna().all() and rows["low"].isna().all() and (rows["call"] == "").all()


def test_a_small_cluster_is_said_to_be_too_small(training):
    few = training.copy()
    kept = np.flatnonzero(few.obs[clusters.LABEL] == "1")[sample_effects.MIN_CELLS - 1 :]
    few.obs.iloc[kept, few.obs.columns.get_loc(clusters.LABEL)] = ""
    rows = place(few, draw(np.random.default_rng(4), USUAL)[0])
    assert rows.loc["1", "note"] == "not placed: fewer than 20 training cells" and np.isnan(rows.loc["1", "value"])


def test_a_cluster_of_one_model_is_not_placed(training):
    """Without that model it could not be learned: the model's own share would be 0."""
    own = training.copy()
    column = own.obs.columns.get_loc(clusters.LABEL)
    for model in "BCDE":
        rows = np.flatnonzero((own.obs["model"] == model) & (own.obs[clusters.LABEL] == "1"))
        own.obs.iloc[rows[4:], column] = ""
    rows = place(own, draw(np.random.default_rng(4), USUAL)[0])
    assert rows.loc["1", "note"] == "not placed: fewer than 20 training cells without A"
    assert rows.loc["0", "call"] == "as untreated"


def test_one_training_model_gives_no_shares(training):
    rows = place(training[training.obs["model"] == "A"].copy(), draw(np.random.default_rng(4), USUAL)[0])
    assert rows["value"].isna().all() and (rows["note"] == "not placed: no other training model has clusters").all()


def test_small_samples_are_no_replicates(training):
    """Four cells of a model tell nothing of its shares."""
    few = training[np.flatnonzero((training.obs["model"] != "E") | (np.arange(training.n_obs) % 40 == 0))].copy()
    assert (few.obs["model"] == "E").sum() == 8
    query = draw(np.random.default_rng(4), USUAL)[0]
    without = place(training[training.obs["model"] != "E"].copy(), query)
    assert "of 4 untreated" in place(few, query).loc["0", "note"] and "of 4 untreated" in without.loc["0", "note"]


def test_few_cells_of_a_biopsy_and_cells_without_counts(training):
    query, cluster = draw(np.random.default_rng(4), USUAL)
    rows = place(training, query[:19])
    assert (rows["note"] == "not placed: 19 cells with counts, fewer than 20").all()
    rows = place(training, sparse.vstack([query, sparse.csr_matrix((60, len(GENES)), dtype=query.dtype)], format="csr"))
    assert "of 150 cells" in rows.loc["0", "note"]
    assert rows.loc["0", "value"] == pytest.approx((cluster == "0").mean(), abs=0.04)
    assert place(training, query[:0]).empty and place(training, query * 0).empty


def test_few_training_cells_make_no_rule(training):
    query = draw(np.random.default_rng(4), USUAL)[0]
    assert place(training[:26].copy(), query).empty


def test_equally_likely_shares_are_not_told(training):
    """Two clusters and a prior that says nothing of the sample effect: a sample of one cluster may be of either."""
    sample, cluster = (training.obs[name].to_numpy(dtype=object) for name in ("sample", clusters.LABEL))
    values, own = clusters.components(training.X, draw(np.random.default_rng(6), {"0": 1.0})[0], sample)
    rule = sample_effects.learn(values, sample, cluster)
    assert set(rule.assign(own)) == {"0"}
    even = np.full(3, 1 / 3)
    blind = dataclasses.replace(rule, shares=even, precision=1e-6 * np.eye(len(rule.centre)))
    assert blind.assign(own) is None


def test_calls_are_withheld_with_the_others(training):
    rows = place(training, draw(np.random.default_rng(4), USUAL)[0]).reset_index(drop=True)
    withheld = describe.withhold(rows, "far cells")
    assert (withheld["call"] == "unreliable").all() and withheld[["low", "high"]].isna().all(axis=None)


@pytest.fixture
def library(tmp_path, training):
    """Return the path of a library's cells as the stage cells writes them."""
    cells = training[:150].copy()
    cells.obs = cells.obs.drop(columns=clusters.LABEL).assign(arm="AC", replicate="1")
    cells.var["gene_id"] = cells.var_names
    cells.write_h5ad(tmp_path / "A.h5ad")
    return tmp_path / "A.h5ad"


def test_a_reference_holds_the_cells_that_were_clustered(library):
    clustered = pd.Series("1", index=[f"c{number}" for number in range(0, 150, 5)])
    settings = {"training_cells": 40, "seed": 0, "min_cell_fraction": 0.0}
    cells = freeze.join_training([str(library)], set(), settings, clustered)
    assert cells.n_obs == 40 and (cells.obs[clusters.LABEL] == "1").sum() == 30 and clusters.LABEL in cells.obs
    assert set(cells.obs[clusters.LABEL]) == {"1", ""}
    assert freeze.join_training([], set(), settings, clustered).obs.columns.tolist() == [*freeze.LABELS, clusters.LABEL]


def test_cells_that_were_drawn_before_come_first(library):
    before = pd.Index([f"c{number}" for number in range(100, 150)])
    few, n = read_cells(str(library), 20, 0, before)
    assert n == 150 and few.n_obs == 20 and few.obs_names.isin(before).all()
    more, _ = read_cells(str(library), 80, 0, before)
    assert before.isin(more.obs_names).all() and more.n_obs == 80
    assert list(more.obs_names) == sorted(more.obs_names, key=lambda name: int(name[1:]))


def test_a_frozen_reference_may_lack_them(frozen):
    """The study of these tests was frozen without the stage growth."""
    assert frozen.table("clusters").empty and frozen.table("cluster_changes").empty
    labels = frozen.cells.obs
    nothing = clusters.place(frozen.table("clusters"), labels, SimpleNamespace(), STATES, 0.95)
    assert nothing.empty and (labels[clusters.LABEL].astype(str) == "").all()
