"""Clusters that models have in common: what is removed before clustering, which models count, and a planted growth."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from calibration import common_clusters as simulated
from scipy import sparse

from scripts.base import expression
from scripts.clusters import cluster_cells, communities
from scripts.growth import common, sample_effects, terms

CONTRAST = {"baseline": "u", "persister": "p", "relapse": None, "further": []}


@pytest.fixture(scope="module")
def study():
    """Return a study of six models in which cells of kind A grow, their common clusters, and the kind of each cell."""
    cells, kind = simulated.draw_study(np.random.default_rng(3), 6, 2.0)
    found, _ = common.find(cells, "u", simulated.SETTINGS)
    return cells, common.join_rare(found.labels, cells.labels, common.LEAST), kind


def test_the_planted_kind_is_one_cluster_of_all_models_and_grows(study):
    cells, cluster, kind = study
    table = pd.crosstab(cluster, kind)
    own = table["A"].idxmax()
    assert table.loc[own, "A"] >= 0.9 * table.loc[own].sum() and table.loc[own, "A"] >= 0.9 * table["A"].sum()
    changes = common.compare(common.count(cells.labels.assign(cluster=cluster), 20), CONTRAST, 0.05)
    row = changes.set_index("cluster").loc[own]
    assert (
        row["verdict"] == "grows" and row["n_models"] == row["k"] == 6 and row["share_treated"] > row["share_baseline"]
    )


def test_a_kind_that_most_treated_cells_become_stays_one_cluster():
    """Its odds rise twelve-fold. Less the means of samples, cells of each timepoint made a cluster of their own."""
    cells, kind = simulated.draw_study(np.random.default_rng(8), 5, 2.5)
    treated = cells.labels["timepoint"].to_numpy() == "p"
    assert (kind[treated] == "A").mean() > 0.5 > 0.25 > (kind[~treated] == "A").mean()
    sample = cells.labels["sample"].to_numpy(dtype=object)
    log, everything = expression.normalise(cells.counts), np.ones(len(cells.genes), dtype=bool)
    former = cluster_cells.cluster(
        cells.counts, log, everything, sample_effects.means_of_samples(sample), simulated.SETTINGS
    ).labels
    found, _ = common.find(cells, "u", simulated.SETTINGS)
    agreement = [communities.adjusted_rand(pd.factorize(kind)[0], labels) for labels in (former, found.labels)]
    assert agreement[0] < 0.8 < 0.97 < agreement[1]
    changes = common.compare(common.count(cells.labels.assign(cluster=found.labels.astype(str)), 20), CONTRAST, 0.05)
    own = str(pd.Series(found.labels[kind == "A"]).mode()[0])
    grows = changes.loc[changes["verdict"] == "grows", "cluster"]
    assert list(grows) == [own]


def test_a_minority_that_the_baseline_lacks_is_found():
    """A fifth of the treated cells have markers that no baseline cell has, and few UMIs of the other kinds' markers."""
    rng = np.random.default_rng(20)
    cells, _ = simulated.draw_study(rng, 5, 0.0)
    new = (cells.labels["timepoint"].to_numpy() == "p") & (rng.random(len(cells.labels)) < 0.2)
    counts, markers = cells.counts.toarray(), slice(2 * simulated.MARKERS, 3 * simulated.MARKERS)
    counts[new, : markers.start] = rng.binomial(counts[new, : markers.start], 0.4)
    counts[new, markers] = rng.poisson(4.5 * (counts[new, markers] + 0.2))
    changed = dataclasses.replace(cells, counts=sparse.csr_matrix(counts))
    found, _ = common.find(changed, "u", simulated.SETTINGS)
    table = pd.crosstab(found.labels, new)
    own = table[True].idxmax()
    assert table.loc[own, True] > 0.9 * new.sum() and table.loc[own, True] > 0.9 * table.loc[own].sum()


@pytest.mark.parametrize("timepoint", ["u", "other"])
def test_without_clusters_at_the_baseline_the_means_are_removed(timepoint):
    """Cells of one kind, or no baseline sample at all."""
    rng = np.random.default_rng(1)
    counts = sparse.csr_matrix(rng.poisson(3, size=(240, 60)).astype(np.int32))
    labels = pd.DataFrame({"sample": np.repeat(["a", "b"], 120), "model": "A", "timepoint": np.repeat(["u", "p"], 120)})
    cells = common.Sampled(counts, pd.Index([f"g{number}" for number in range(60)]), np.ones(60, dtype=bool), labels)
    found, _ = common.find(cells, timepoint, simulated.SETTINGS)
    assert len(set(found.labels)) == 1 and found.note


def test_what_treatment_does_to_all_cells_makes_no_cluster(study):
    """Half of the genes' variance between samples is the treated cells' programme; shares of B and the rest stay."""
    cells, cluster, _ = study
    treated = cells.labels["timepoint"].to_numpy() == "p"
    for name in set(cluster):
        share = [np.mean(cluster[side] == name) for side in (treated, ~treated)]
        assert min(share) > 0.03, "every cluster has cells of both timepoints"


def test_genes_name_a_cluster_by_its_markers(study):
    cells, cluster, kind = study
    named = common.describe(cells, cells.labels.assign(cluster=cluster, cycling=0.0, persister_like=np.nan))
    own = pd.crosstab(cluster, kind)["A"].idxmax()
    genes = named.set_index("cluster").loc[own, "genes"].split(", ")
    assert set(genes) <= {f"g{number}" for number in range(simulated.MARKERS)} and named["models"].eq(6).all()
    assert list(named) == terms.COMMON and named["cluster"].tolist() == sorted(named["cluster"])


def test_samples_of_a_model_have_equal_depth_and_other_models_keep_theirs():
    rng = np.random.default_rng(0)
    labels = pd.DataFrame({"sample": ["a"] * 40 + ["b"] * 40 + ["c"] * 40, "model": ["A"] * 80 + ["C"] * 40})
    counts = sparse.csr_matrix(rng.poisson(np.repeat([8, 2, 8], 40)[:, None] * np.ones(50)))
    thinned = common.equal_depth(counts, labels, 0)
    median = pd.Series(expression.totals(thinned)).groupby(labels["sample"]).median()
    assert abs(median["a"] / median["b"] - 1) < 0.1 and (thinned[80:] != counts[80:]).nnz == 0


def test_genes_that_only_differ_between_samples_are_not_variable():
    rng = np.random.default_rng(1)
    sample = np.repeat(["a", "b"], 100)
    rate = np.full((200, 30), 2.0)
    rate[:100, 0] = 40  # of one sample
    rate[::2, 1] = 12  # of every second cell
    counts = sparse.csr_matrix(rng.poisson(rate))
    assert sample_effects.variable_within(counts, sample, 1, np.ones(30, dtype=bool)).argmax() == 1
    assert expression.variable_genes(counts, 1).argmax() == 0


def shares_of(counts: dict[str, tuple[int, int, int]]) -> pd.DataFrame:
    """Return the shares of three clusters: sample (model and timepoint) → cells."""
    cells = [
        (sample, sample[0], sample[1], sample[1], str(number))
        for sample, numbers in counts.items()
        for number, n in enumerate(numbers)
        for _ in range(n)
    ]
    return common.count(pd.DataFrame(cells, columns=["sample", "model", "timepoint", "arm", "cluster"]), 20)


def test_a_model_without_the_cluster_does_not_count_for_it():
    counts = {f"{model}{when}": (50, 30, 20) for model in "ABC" for when in "up"} | {
        "Du": (60, 40, 0),
        "Dp": (70, 30, 0),
    }
    found = common.compare(shares_of(counts), CONTRAST, 0.05).set_index("cluster")
    assert found["n_models"].to_dict() == {"0": 4, "1": 4, "2": 3}
    # Without the cluster that D lacks, its other two are compared with each other.
    assert found.loc["2", "share_baseline"] == pytest.approx(0.2) and found.loc["2", "effect"] == pytest.approx(0)


def test_the_change_is_the_log_ratio_to_all_clusters_at_equal_numbers():
    counts = {
        f"{model}{when}": numbers for model in "ABC" for when, numbers in (("u", (60, 20, 20)), ("p", (30, 50, 20)))
    }
    found = common.compare(shares_of(counts), CONTRAST, 0.05).set_index("cluster")
    logs = {when: np.log2(np.array(counts[f"A{when}"]) + 0.5) for when in "up"}
    expected = (logs["p"] - logs["p"].mean()) - (logs["u"] - logs["u"].mean())
    assert found["effect"].to_numpy() == pytest.approx(expected) and found["effect"].sum() == pytest.approx(0)


def test_two_models_have_an_effect_and_no_p_value_and_small_samples_none():
    counts = {f"{model}{when}": (50, 30, 20) for model in "AB" for when in "up"} | {"Cu": (9, 5, 5), "Cp": (50, 30, 20)}
    found = common.compare(shares_of(counts), CONTRAST, 0.05)
    assert found["p"].isna().all() and set(found["verdict"]) == {"too few models"} and found["n_models"].eq(2).all()


def test_rare_clusters_are_joined_and_one_cluster_is_not_compared():
    labels = pd.DataFrame({"sample": ["a"] * 500, "model": "A", "timepoint": "u", "arm": "u"})
    cluster = common.join_rare(np.repeat([0, 1, 2], [300, 197, 3]), labels, common.LEAST)
    assert set(cluster) == {"0", "1", terms.RARE} and (cluster == terms.RARE).sum() == 3
    one = common.compare(shares_of({f"{model}{when}": (50, 0, 0) for model in "ABC" for when in "up"}), CONTRAST, 0.05)
    assert one.empty and list(one) == terms.COMMON_CHANGES
