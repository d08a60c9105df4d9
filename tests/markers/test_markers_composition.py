"""Genes that composition explains are in no panel, by the training models alone; real markers stay."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from markers.test_panels import SIZES, draw, everything, run

from scripts.markers import composition, find_markers, panels
from scripts.stats.remaining import BEFORE, COMPOSITION

NORMAL = ["g0", "g1"]
"""The genes that change most; of their change nothing remains. All of the change of g2 to g4 does."""
SETTINGS = {"sizes": SIZES, "permutations": 15, "random": 10, "seed": 0}


def study(n_models: int = 6, remains=lambda model: 0.0, seed: int = 0) -> tuple[panels.Pairs, pd.Index]:
    """Return samples in which two genes rise by 4 and three by 3, with their changes at constant composition.

    ``remains``: share of the change of :data:`NORMAL` that remains in a model.
    """
    rng = np.random.default_rng(seed)
    pairs, genes = draw(rng, n_models=n_models, effect=3.0, replicates=2)
    pairs.values[pairs.state > 0, : len(NORMAL)] += 1.0
    change = np.subtract(*panels.state_means(pairs)[::-1])
    share = np.ones((n_models, len(genes)))
    share[:, : len(NORMAL)] = [[remains(model)] for model in range(n_models)]
    after = share * change + 0.1 * rng.normal(size=change.shape)
    return dataclasses.replace(pairs, held=composition.Held(change, (after,), 0.05, 50)), genes


def without(pairs: panels.Pairs) -> panels.Pairs:
    """Return the same samples with nothing known of composition."""
    return dataclasses.replace(pairs, held=None)


def chosen_of(folds: list[panels.Fold], genes: pd.Index, size: int = 3) -> set[str]:
    """Return the genes that any fold's panel of a size has."""
    return {genes[gene] for fold in folds for gene in fold.panels[size]}


def test_a_gene_that_composition_explains_is_in_no_panel_and_a_real_marker_is():
    pairs, genes = study()
    every = everything(pairs)
    assert set(NORMAL) <= chosen_of(panels.nested(without(pairs), SIZES, every), genes), "planted as the best"
    table, folds = find_markers.judge_pool(pairs, genes, "all genes", every, SETTINGS)
    assert chosen_of(folds, genes) == {"g2", "g3", "g4"}
    row = table.set_index("size").loc[find_markers.NESTED]
    assert row["n_excluded"] == 2 and not {*row["genes"].split(",")} & set(NORMAL) and row["auc"] > 0.95
    nowhere = pd.DataFrame({"location": [], "group": []})
    listed = find_markers.list_genes(pairs, genes, "all genes", every, folds, nowhere, SIZES).set_index("gene")
    assert (listed.loc[NORMAL, "excluded"] == composition.EXCLUDED).all() and (listed["excluded"] != "").sum() == 2
    assert (listed.loc[NORMAL, "excluded_in"] == 6).all() and (listed.loc[["g2", "g3", "g4"], "excluded_in"] == 0).all()
    assert (listed.loc[NORMAL, "in_final"] == "no").all() and (listed.loc[NORMAL, "in_panel"] == 0).all()


@pytest.mark.parametrize("direction", [1.0, -1.0])
def test_genes_that_fall_are_excluded_likewise(direction):
    pairs, genes = study()
    middle = pairs.values.mean(axis=0)
    held = pairs.held.turned(np.full(pairs.n_models, direction))
    turned = panels.Pairs(middle + direction * (pairs.values - middle), pairs.state, pairs.model, held)
    assert chosen_of(panels.nested(turned, SIZES, everything(turned)), genes) == {"g2", "g3", "g4"}


def test_the_left_out_patient_has_no_say_in_what_is_excluded():
    """Whatever composition does in the model left out, its fold has the same genes; others may not."""
    pairs, _ = study(4)
    after = pairs.held.after[0].copy()
    after[2] = pairs.held.before[2] * 3.0
    changed = dataclasses.replace(pairs, held=dataclasses.replace(pairs.held, after=(after,)))
    first, other = (panels.nested(one, SIZES, everything(pairs)) for one in (pairs, changed))
    np.testing.assert_array_equal(first[2].allowed, other[2].allowed)
    np.testing.assert_array_equal(first[2].panels[3], other[2].panels[3])
    assert not first[0].allowed[:2].any() and other[0].allowed[:2].all()


def test_half_of_a_change_that_remains_in_some_models_excludes_nothing():
    pairs, genes = study(remains=lambda model: model % 2)
    folds = panels.nested(pairs, SIZES, everything(pairs))
    assert set(NORMAL) <= chosen_of(folds, genes) and all(fold.allowed.all() for fold in folds)


@pytest.mark.parametrize("known", [0, 2])
def test_what_fewer_than_three_training_models_tell_excludes_nothing(known):
    pairs, _ = study()
    before = pairs.held.before.copy()
    before[known:] = np.nan
    few = dataclasses.replace(pairs, held=dataclasses.replace(pairs.held, before=before))
    first, other = (panels.nested(one, SIZES, everything(pairs)) for one in (few, without(pairs)))
    for own, old in zip(first, other, strict=True):
        assert own.allowed.all() and own.chosen == old.chosen
        np.testing.assert_array_equal(own.scores[3], old.scores[3])


def test_every_gene_of_a_panel_was_tested_though_more_are_excluded_than_are_tested_together():
    pairs, genes = study()
    three = dataclasses.replace(pairs, held=dataclasses.replace(pairs.held, tested=3))
    assert chosen_of(panels.nested(three, SIZES, everything(pairs)), genes) == {"g2", "g3", "g4"}


def test_permutations_turn_changes_at_constant_composition_with_their_models():
    pairs, _ = study(4)
    for other in panels.flipped(pairs, 0, 100):
        low, high = panels.state_means(other)
        np.testing.assert_allclose(high - low, other.held.before)
        np.testing.assert_allclose(np.abs(other.held.after[0]), np.abs(pairs.held.after[0]))


def test_a_pool_of_which_composition_explains_all_genes_has_no_panel():
    pairs, genes = study()
    own = panels.Pairs(pairs.values[:, :2], pairs.state, pairs.model, pairs.held.of_genes(np.arange(len(genes)) < 2))
    table, folds = find_markers.judge_pool(own, genes[:2], "surface", np.ones(2, dtype=bool), SETTINGS)
    assert folds == [] and table["note"].tolist() == ["composition explains the change of too many such genes"]
    assert table["n_excluded"].tolist() == [2]


def test_files_of_the_models_are_read_and_the_table_names_the_reason(make_job, tmp_path):
    rng = np.random.default_rng(5)
    names = [f"m{m}_{t}" for m in range(5) for t in ("untreated", "persister")]
    labels = {"model": [n.split("_")[0] for n in names], "timepoint": [n.split("_")[1] for n in names]}
    sheet = pd.DataFrame(labels | {"arm": "a", "replicate": "1", "platform": "10x"}, index=names)
    genes = ["CD44", "CD14", *(f"g{i}" for i in range(48))]
    frame = pd.DataFrame(rng.normal(5, 0.5, (len(names), 50)), index=names, columns=genes)
    frame.loc[sheet["timepoint"] == "persister", ["CD44", "CD14"]] += [4, 6]
    paths = {}
    for model in ("m0", "m1", "m2", "m3", "m4"):
        change = (frame.loc[f"{model}_persister"] - frame.loc[f"{model}_untreated"]).to_numpy()
        after = np.where(np.array(genes) == "CD14", 0.0, change)
        paths[model] = tmp_path / f"{model}.parquet"
        columns = {BEFORE: change, f"{COMPOSITION}at equal scores": after}
        pd.DataFrame(columns).assign(feature=genes, kind="gene").to_parquet(paths[model])
    found = run(make_job, tmp_path, frame, sheet, paths)
    assert set(found["panels"].query("size == 'chosen' and pool != 'secreted'")["genes"]) == {"CD44"}
    rows = found["markers"].query("pool == 'surface'").set_index("gene")
    assert rows.loc["CD14", "excluded"] == "composition" and rows.loc["CD14", "rank"] == 1
    assert pd.isna(rows.loc["CD44", "excluded"]) and rows.loc["CD44", "in_panel"] == 5
    assert "CD14" not in set(found["assays"]["genes"])
