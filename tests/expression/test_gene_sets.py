"""Gene sets over patients: genes that vary together don't make a set significant; a shift of few patients isn't one."""

import numpy as np
import pandas as pd
import pytest

from scripts.expression import enrichment
from scripts.expression.terms import OVER_PATIENTS

SETS, SIZE, OTHERS = 40, 25, 500


def study(rng, n: int, correlation: float, shift: float = 0.0) -> tuple[pd.DataFrame, list[list[str]]]:
    """Return changes (models × genes) whose genes vary together within each set, and the sets; the first set shifts."""
    names = [f"g{i}" for i in range(SETS * SIZE + OTHERS)]
    common = np.column_stack([np.repeat(rng.normal(size=(n, SETS)), SIZE, axis=1), np.zeros((n, OTHERS))])
    own = rng.normal(size=(n, len(names)))
    scale = 0.5 * np.sqrt(6 / rng.chisquare(6, len(names)))
    values = (np.sqrt(correlation) * common + np.sqrt(1 - correlation) * own) * scale
    values[:, :SIZE] += shift
    sets = [names[i * SIZE : (i + 1) * SIZE] for i in range(SETS)]
    return pd.DataFrame(values, [f"P{i}" for i in range(n)], names), sets


@pytest.mark.full
@pytest.mark.parametrize("correlation", [0.0, 0.1, 0.3])
@pytest.mark.parametrize("n", [3, 8])
def test_type_1_error_holds_whatever_the_correlation_between_genes(n, correlation):
    """60 studies × 40 sets: 2,400 sets, of which 5 % ± 1.8 (four standard errors) may have p ≤ .05."""
    rng = np.random.default_rng(n)
    p = np.concatenate([enrichment.over_patients(*study(rng, n, correlation))["p"] for _ in range(60)])
    assert 0.03 <= (p <= 0.05).mean() <= 0.065


@pytest.mark.full
def test_sets_whose_genes_vary_together_pass_no_more_often_beside_others():
    """60 studies of five models: 1,200 sets of each kind, of which 5 % ± 2.5 (four standard errors) may have p ≤ .05.
    With variances moderated over the sets 8.6 % of one kind did, and 2 % of the other.
    """
    rng, p = np.random.default_rng(5), []
    for _ in range(60):
        changes, sets = study(rng, 5, 0.0)
        for genes in sets[1::2]:
            changes[genes] = np.sqrt(0.7) * changes[genes] + np.sqrt(0.3) * 0.5 * rng.normal(size=(5, 1))
        p.append(enrichment.over_patients(changes, sets)["p"].to_numpy() <= 0.05)
    apart, together = np.mean(p, axis=0)[::2].mean(), np.mean(p, axis=0)[1::2].mean()
    assert 0.025 <= apart <= 0.065 and 0.025 <= together <= 0.065


@pytest.mark.full
def test_power_is_not_lost_and_the_interval_holds_the_shift():
    rng = np.random.default_rng(1)
    rows = [enrichment.over_patients(*study(rng, 8, 0.1, shift=0.5)).iloc[0] for _ in range(40)]
    found = pd.DataFrame(rows)
    assert (found["p"] <= 0.05).mean() >= 0.9
    # The other genes are what a set is held against, and none of them shifts.
    assert ((found["ci_low"] < 0.5) & (found["ci_high"] > 0.5)).mean() >= 0.85


def test_a_change_of_all_genes_is_no_change_of_a_set():
    rng = np.random.default_rng(3)
    changes, sets = study(rng, 5, 0.1)
    pd.testing.assert_frame_equal(
        enrichment.over_patients(changes + 2.0, sets), enrichment.over_patients(changes, sets)
    )


def test_models_that_lack_a_set_are_absent_and_two_give_no_p():
    rng = np.random.default_rng(4)
    changes, sets = study(rng, 4, 0.1)
    changes.loc["P0", sets[0][: SIZE - 2]] = np.nan
    found = enrichment.over_patients(changes, sets)
    assert found.loc[0, "n_models"] == 3 and (found.loc[1:, "n_models"] == 4).all()
    two = enrichment.over_patients(changes.iloc[2:], sets)
    assert two["p"].isna().all() and two["log_fc"].notna().all()


def test_the_table_has_a_row_per_set_best_first_and_names_the_leading_genes():
    rng = np.random.default_rng(6)
    changes, sets = study(rng, 6, 0.1, shift=1.0)
    collections = {"one": {f"S{i}": genes for i, genes in enumerate(sets)}, "two": {"few": ["g0", "nowhere"]}}
    t = changes.mean() / changes.std() * np.sqrt(6)
    rows = pd.DataFrame({"gene": changes.columns, "t": t.to_numpy(), "level": OVER_PATIENTS})
    signature = pd.DataFrame({"gene": ["g0", "g1", "g900"], "direction": ["up", "up", "down"]})
    table = enrichment.table_of("c", rows, collections, changes, signature, permutations=50, seed=0)
    assert list(table.columns) == enrichment.GENE_SETS and len(table) == SETS + 1
    first = table.iloc[0]
    assert first["gene_set"] == "S0" and first["fdr"] < 0.05 and first["log_fc"] == pytest.approx(1.0, abs=0.4)
    assert first["nes"] > 1 and first["shared_up"] == 2 and first["shared_down"] == 0
    assert first["leading"].split(",")[0] == t[sets[0]].idxmax()
    few = table.set_index("gene_set").loc["few"]
    assert few["measured"] == 1 and np.isnan(few["p"]) and few["n_models"] == 0
