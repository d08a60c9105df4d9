"""Regulon specificity: the published score, and what is left of it when labels are exchanged."""

import numpy as np
import pandas as pd
import pytest

from scripts.regulons import specificity


def wide(table: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return a column as labels × regulons."""
    return table.pivot(index="label", columns="regulon", values=column)


@pytest.fixture(scope="module")
def cells():
    """4,000 cells with labels of 40 to 2,560; one regulon of the smallest label, one of none, 200 that differ only in
    how many cells they are active in.
    """
    rng = np.random.default_rng(2)
    sizes = {"a": 40, "b": 200, "c": 1_200, "d": 2_560}
    labels = pd.Series(np.repeat(list(sizes), list(sizes.values())))
    n = len(labels)
    auc = pd.DataFrame({"small(+)": rng.gamma(2, 0.01, n) + 0.08 * (labels == "a"), "silent(+)": np.zeros(n)})
    shown = np.linspace(0.05, 1, 200)
    null = rng.gamma(2.0, 0.02, (n, 200)) * (rng.random((n, 200)) < shown)
    return pd.concat([auc, pd.DataFrame(null, columns=[f"N{i}(+)" for i in range(200)])], axis=1), labels


def test_the_score_equals_the_definition_and_finds_the_label():
    rng = np.random.default_rng(1)
    labels = pd.Series(np.repeat(["untreated", "persister"], 200))
    auc = pd.DataFrame({"switch(+)": rng.gamma(2, 0.01, 400) + 0.1 * (labels == "persister"), "silent(+)": 0.0})
    rss = wide(specificity.score(auc, labels), "rss")
    values = auc["switch(+)"].to_numpy() / auc["switch(+)"].sum()
    q = (labels == "persister").to_numpy() / 200
    m = (values + q) / 2

    def kl(p):
        seen = p > 0
        return (p[seen] * np.log(p[seen] / m[seen])).sum()

    assert rss.loc["persister", "switch(+)"] == pytest.approx(1 - np.sqrt((kl(values) + kl(q)) / 2), abs=1e-9)
    assert rss.loc["persister", "switch(+)"] > rss.loc["untreated", "switch(+)"]
    assert rss["silent(+)"].isna().all()


def test_the_score_is_that_of_pyscenic(cells, monkeypatch):
    from scripts.regulons import pyscenic_compat  # noqa: F401  (makes pySCENIC importable)

    monkeypatch.setattr(np, "float", float, raising=False)
    from pyscenic.rss import regulon_specificity_scores

    auc, labels = cells
    names = ["small(+)", "N0(+)", "N199(+)"]
    reference = regulon_specificity_scores(auc[names], labels)
    ours = wide(specificity.score(auc[names], labels), "rss")[names]
    pd.testing.assert_frame_equal(ours.sort_index(), reference.sort_index(), check_names=False, atol=1e-9)


def test_expected_score_and_z_are_those_of_labels_exchanged(cells):
    """400 exchanges know a mean to a twentieth of its sd, and an sd to 3.5 %: four of these errors are allowed."""
    auc, labels = cells
    names = ["small(+)", "N0(+)", "N50(+)", "N199(+)"]
    rng = np.random.default_rng(0)
    drawn = []
    for _ in range(400):
        exchanged = pd.Series(rng.permutation(labels.to_numpy()))
        drawn.append(wide(specificity.score(auc[names], exchanged), "rss")[names].to_numpy())
    mean, sd = np.mean(drawn, axis=0), np.std(drawn, axis=0, ddof=1)
    found = specificity.score(auc[names], labels)
    expected = wide(found, "rss_expected")[names].to_numpy()
    assert (np.abs(expected - mean) < 4 * sd / np.sqrt(400)).all()
    z, rss = wide(found, "rss_z")[names].to_numpy(), wide(found, "rss")[names].to_numpy()
    near = np.abs(z) < 3  # a root is a straight line near its mean only
    assert near.sum() >= 12
    np.testing.assert_allclose(z[near], ((rss - mean) / sd)[near], atol=0.2 + 0.14 * 3)


def test_without_relation_to_labels_only_the_published_score_follows_their_size(cells):
    auc, labels = cells
    found = specificity.score(auc, labels)
    null = found[found["regulon"].str.startswith("N")]
    by_label = null.groupby(["n_cells"])[["rss", "rss_adjusted", "rss_z"]].agg(["mean", "std"])
    assert by_label["rss"]["mean"].is_monotonic_increasing
    assert by_label["rss"]["mean"].iloc[-1] > 2 * by_label["rss"]["mean"].iloc[0]
    for column in ("rss_adjusted", "rss_z"):
        error = by_label[column]["std"] / np.sqrt(200)
        assert (by_label[column]["mean"].abs() < 4 * error).all()
    assert by_label["rss_z"]["std"].between(0.8, 1.2).all()  # 1 ± 5 % in 200 regulons, four of these


def test_a_regulon_of_a_small_label_ranks_first(cells):
    auc, labels = cells
    found = specificity.score(auc, labels)
    own = found[found["label"] == "a"].set_index("regulon")
    assert own["rss_adjusted"].idxmax() == own["rss_z"].idxmax() == "small(+)"
    best = found.loc[found["rss_adjusted"].idxmax()]
    assert (best["label"], best["regulon"]) == ("a", "small(+)")
    # The published score puts every regulon of the largest label before it.
    assert (found.loc[found["label"] == "d", "rss"].dropna() > own.at["small(+)", "rss"]).mean() > 0.9


def test_even_activity_in_one_label_alone_is_1():
    labels = pd.Series(["a"] * 10 + ["b"] * 90)
    found = specificity.score(pd.DataFrame({"r(+)": (labels == "a").astype(float)}), labels).set_index("label")
    assert found.at["a", "rss"] == pytest.approx(1) and found.at["a", "rss_adjusted"] == pytest.approx(1)
    assert found.at["b", "rss_adjusted"] < 0 and found.at["b", "rss_z"] < 0


def test_one_label_or_even_activity_or_no_regulon_leave_nothing_to_compare():
    auc = pd.DataFrame({"r(+)": [0.1, 0.2, 0.3, 0.4], "even(+)": 0.2})
    alone = specificity.score(auc, pd.Series(["a"] * 4))
    assert alone["rss"].between(0, 1).all() and alone[["rss_expected", "rss_adjusted", "rss_z"]].isna().all(axis=None)
    even = specificity.score(auc[["even(+)"]], pd.Series(["a", "a", "b", "b"]))
    assert even["rss_adjusted"].abs().max() < 1e-9 and even["rss_z"].isna().all()
    none = specificity.score(auc[[]], pd.Series(["a", "a", "b", "b"]))
    assert none.empty and list(none.columns) == specificity.SPECIFICITY


def test_blocks_change_nothing(cells, monkeypatch):
    auc, labels = cells
    whole = specificity.score(auc, labels)
    monkeypatch.setattr(specificity, "VALUES", 7 * len(labels))
    pd.testing.assert_frame_equal(specificity.score(auc, labels), whole, rtol=1e-12)


def test_activity_below_zero_is_counted_from_its_lowest_value(cells):
    """As ULM's t values are; what lies above 0 stays as it is."""
    auc, labels = cells
    lowered = auc - 2 * auc.max()
    found, expected = (specificity.score(table, labels) for table in (lowered, auc - auc.min()))
    pd.testing.assert_frame_equal(found, expected)
