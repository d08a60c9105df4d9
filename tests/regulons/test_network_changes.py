"""Edges that one timepoint's network has and the other lacks, against cells exchanged."""

import anndata
import numpy as np
import pandas as pd
import pytest
from simulators.networks import GENES, N_CELLS, PLANTED, inferred, simulate

from scripts.base.expression import normalise
from scripts.regulons import exchange_timepoints, tabulate_network_changes
from scripts.regulons import network_changes as changes
from scripts.scenic import grnboost

SETTINGS = {"importance": grnboost.IMPORTANCE, "max_rounds": 500}


@pytest.fixture(scope="module")
def planted():
    """Three models in each of which TF00 gains ten targets."""
    return {f"M{seed}": inferred(seed, gained=True) for seed in (1, 2, 3)}


def test_edges_that_only_the_later_timepoint_has_are_found_gained(planted):
    """A tenth of the called edges may be false; a fifth of the 30 or so is beyond that with a probability of 0.03."""
    right = false = 0
    for model, table in planted.items():
        edges = changes.judge_edges(table, model)
        gained = set(edges.loc[edges["change"] == changes.GAINED, ["tf", "target"]].itertuples(index=False, name=None))
        right, false = right + len(gained & PLANTED), false + (edges["change"] != changes.NEITHER).sum()
        first = edges.iloc[:5]
        assert (first["importance_treated"] > first["importance_baseline"]).all()
        assert set(first[["tf", "target"]].itertuples(index=False, name=None)) <= PLANTED
    assert right >= 25 and false - right <= 0.2 * false


def test_over_models_the_factor_gains_targets_and_edges_are_counted(planted):
    edges = changes.join_models([changes.judge_edges(table, model) for model, table in planted.items()])
    assert list(edges.columns) == changes.PAIRS
    own = edges[(edges["tf"] == "TF00") & (edges["change"] == changes.GAINED)]
    assert (own["models_agreeing"] == 3).mean() > 0.5
    shifts = {model: changes.shift_factors(table) for model, table in planted.items()}
    factors = changes.over_models(shifts, edges, fdr=0.05).set_index("tf")
    assert factors["effect"].idxmax() == "TF00" and factors.at["TF00", "gained"] > 8
    assert factors.at["TF00", "n"] == factors.at["TF00", "k"] == 3
    two = changes.over_models({name: shifts[name] for name in ("M1", "M2")}, edges, fdr=0.05)
    assert set(two["change"]) == {"too few models"} and two["p"].isna().all()


@pytest.mark.full
def test_without_a_change_no_more_models_have_a_change_than_the_level_allows():
    """Edges of a model whose network stays: any that is called is false. At a share of 0.1, one model in ten may have
    one; of 24 more than 7 have with a probability of 0.004 (binomial). Levels and depths change in half of the models.
    """
    called = []
    for seed in range(24):
        options = {"n": 120, "exchanges": 10} | ({} if seed % 2 else {"shift": 0.5, "depth": 0.6})
        edges = changes.judge_edges(inferred(100 + seed, gained=False, **options), "M")
        called.append((edges["change"] != changes.NEITHER).any())
    assert sum(called) <= 7


def test_cells_are_matched_in_number_and_depth():
    counts, late = simulate(5, gained=False, depth=0.4)
    kept = np.r_[np.arange(N_CELLS), N_CELLS + np.arange(100)]
    expression, side = changes.match_cells(counts[kept], late[kept], most=80, seed=1)
    assert expression.shape == (160, len(GENES)) and side.sum() == 80
    shown = np.asarray((expression > 0).sum(axis=1)).ravel()
    assert np.mean(shown[side]) == pytest.approx(np.mean(shown[~side]), rel=0.05)
    again, _ = changes.match_cells(counts[kept], late[kept], most=80, seed=1)
    assert (again != expression).nnz == 0
    alone, _ = changes.match_cells(counts[kept], late[kept], seed=1)
    assert alone.shape[0] == 200


def test_labels_are_exchanged_and_keep_their_numbers():
    late = np.repeat([False, True], 50)
    labels = changes.exchange(late, 4, seed=3)
    assert (labels[0] == late).all() and (labels.sum(axis=1) == 50).all()
    assert len(np.unique(labels, axis=0)) == 5


def test_a_share_counts_edges_as_far_off_in_all_labellings():
    deviation = np.array([[5.0, 0.0, 0.1], [-3.0, 4.0, 0.2], [1.0, 1.0, -1.0], [0.5, 0.0, 0.0]])
    # 5: 1 edge as far, in 3 labellings, to 1 observed; 3: 3 to 2; 1: 6 to 3; 0.5: 7 to 4. An edge that deviates more
    # has no larger share than one that deviates less: 1 gets that of 0.5.
    expected = [1 / 3 / 1, 3 / 3 / 2, 7 / 3 / 4, 7 / 3 / 4]
    np.testing.assert_allclose(changes.exchanged_share(deviation), expected)


def test_each_labelling_is_held_against_the_others():
    difference = np.array([[3.0, 1.0, -1.0], [0.0, 0.0, 0.0], [0.2, 0.1, 0.1]])
    found = changes.deviations(difference)
    floor = np.mean([11.0, 0.0, 0.06]) / 3
    assert found[0, 0] == pytest.approx(3 / np.sqrt(1 + floor))
    assert found[0, 1] == pytest.approx(1 / np.sqrt(5 + floor)) and (found[1] == 0).all()


def test_nothing_to_compare_keeps_the_headers():
    assert list(changes.join_models([]).columns) == changes.PAIRS
    assert list(changes.over_models({}, changes.join_models([]), 0.05).columns) == changes.FACTORS


def write_model(path, n: int = 120) -> None:
    """Write the selected expression of a simulated model with one timepoint more than is compared."""
    counts, late = simulate(7, gained=False, n=n)
    genes = pd.DataFrame({"tf": [name.startswith("TF") for name in GENES]}, index=GENES)
    timepoint = np.where(late, "persister", "untreated")
    timepoint[:20] = "relapse"
    cells = pd.DataFrame({"timepoint": timepoint}, index=[f"c{i}" for i in range(2 * n)])
    anndata.AnnData(normalise(counts), cells, genes, layers={"counts": counts}).write_h5ad(path)


def test_jobs_write_the_same_edges_in_chunks_and_leave_out_models_of_few_cells(make_job, tmp_path, caplog):
    write_model(tmp_path / "A.h5ad"), write_model(tmp_path / "B.h5ad", n=60)
    params = {"settings": SETTINGS, "exchanges": 10, "timepoints": ["untreated", "persister"], "seed": 1}
    parts = {}
    for model, chunk, chunks in (("A", 1, 2), ("A", 2, 2), ("B", 1, 1), ("A", 1, 1)):
        parts[model, chunk, chunks] = tmp_path / f"{model}.{chunk}-of-{chunks}.parquet"
        job = make_job(
            input={"expression": [tmp_path / f"{model}.h5ad"]},
            output={"edges": parts[model, chunk, chunks]},
            params=params,
            wildcards={"model": model, "chunk": str(chunk), "chunks": str(chunks)},
        )
        exchange_timepoints.main(job)
    assert "B: 40 cells at one of untreated and persister, 50 are needed" in caplog.text
    joined = pd.concat([pd.read_parquet(parts["A", chunk, 2]) for chunk in (1, 2)])
    keys = ["tf", "target"]
    pd.testing.assert_frame_equal(
        joined.sort_values(keys, ignore_index=True),
        pd.read_parquet(parts["A", 1, 1]).sort_values(keys, ignore_index=True),
    )
    assert joined.groupby("target").size().max() <= changes.PER_TARGET
    output = {"edges": tmp_path / "edges.tsv", "factors": tmp_path / "factors.tsv"}
    paths = {"a": parts["A", 1, 1], "b": parts["B", 1, 1]}
    tabulate_network_changes.main(
        make_job(input=paths, output=output, params={"models": ["A", "B"], "chunks": 1, "fdr": 0.05})
    )
    edges, factors = (pd.read_csv(path, sep="\t") for path in output.values())
    assert list(edges) == changes.PAIRS and set(edges["model"]) == {"A"}
    assert list(factors) == changes.FACTORS and set(factors["change"]) == {"too few models"}
