"""A panel as an assay: which one, how often it is positive in models left out, and what that predicts."""

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from scripts.markers import assays, panels

TABLE = pd.DataFrame(
    {"assay": ["antibody", "immunoassay", "stain"], "material": ["cells", "blood", "section"]},
    index=["surface", "secreted", ""],
)
WHERE = pd.Series({"CD44": "surface", "CD55": "surface", "IL6": "secreted"})
CONTRAST = {"baseline": "untreated", "persister": "persister"}


@pytest.mark.parametrize(
    ("genes", "assay"),
    [(["CD44", "CD55"], "antibody"), (["IL6"], "immunoassay"), (["CD44", "IL6"], "stain"), (["MYC"], "stain")],
)
def test_a_panel_has_the_assay_that_all_its_genes_are_fit_for(genes, assay):
    assert assays.assay_of(genes, WHERE, TABLE)[0] == assay


def test_the_share_of_the_other_species_is_that_of_the_worst_gene():
    rows = [("graft", "CD44", "Cd44", 0.02), ("host", "Il6", "IL6", 0.2), ("graft", "MYC", "Myc", 0.5)]
    table = pd.DataFrame(rows, columns=["species", "symbol", "other_symbol", "share_taken"])
    assert assays.other_species_share(["CD44", "IL6"], table) == 0.2
    assert assays.other_species_share(["CD55"], table) == 0.0
    assert np.isnan(assays.other_species_share(["CD44"], None))


def simulated(rng: np.random.Generator, models: int, rises: float) -> tuple[panels.Pairs, dict, pd.Index]:
    """Return profiles and cells of models; the first of 20 genes rises by ``rises`` in persisters."""
    genes = pd.Index([f"g{i}" for i in range(20)])
    values, state, model, cells = [], [], [], {}
    for number in range(models):
        for side in (-1.0, 1.0):
            shift = rises * (side > 0) * (np.arange(20) == 0)
            own = pd.DataFrame(rng.normal(5 + shift, 1.0, (100, 20)), columns=genes)
            cells[f"m{number}", side] = [own]
            values.append(own.mean().to_numpy())
            state.append(side)
            model.append(number)
    return panels.Pairs(np.array(values), np.array(state), np.array(model)), cells, genes


def test_cells_of_the_model_left_out_have_no_part_in_its_threshold():
    rng = np.random.default_rng(1)
    pairs, cells, genes = simulated(rng, 4, 2.0)
    models = [f"m{i}" for i in range(4)]
    folds = panels.nested(pairs, [1], np.ones(20, dtype=bool))
    found = assays.of_cells(cells, models, folds, genes, "all").set_index("model")
    # Normal cells, means one sd from the threshold on either side: .16 and .84; binomial error of 100 cells .04.
    assert found["positive_untreated"].between(0.04, 0.3).all() and found["positive_persister"].between(0.7, 0.96).all()
    moved = {key: [part + 3 * (key[0] == "m0") for part in parts] for key, parts in cells.items()}
    shifted = assays.of_cells(moved, models, folds, genes, "all").set_index("model")
    assert shifted.loc["m0", "positive_untreated"] > 0.9
    rest = [part["g0"].mean() for (model, _), parts in cells.items() for part in parts if model != "m0"]
    expected = (moved["m0", -1.0][0]["g0"] > np.mean(rest)).mean()
    assert shifted.loc["m0", "positive_untreated"] == pytest.approx(expected)


def test_a_panel_that_was_chosen_by_chance_is_positive_as_often_in_both_states():
    """Of twenty genes without a change, the best in training is no marker: difference 0 within 3 standard errors."""
    rng = np.random.default_rng(2)
    gaps = []
    for _ in range(15):
        pairs, cells, genes = simulated(rng, 4, 0.0)
        folds = panels.nested(pairs, [1], np.ones(20, dtype=bool))
        found = assays.of_cells(cells, [f"m{i}" for i in range(4)], folds, genes, "all")
        gaps.append((found["positive_persister"] - found["positive_untreated"]).mean())
    assert abs(np.mean(gaps)) < 3 * np.std(gaps, ddof=1) / np.sqrt(len(gaps))


def test_fewer_than_three_models_with_cells_have_no_shares_of_cells():
    pairs, cells, genes = simulated(np.random.default_rng(3), 3, 2.0)
    folds = panels.nested(pairs, [1], np.ones(20, dtype=bool))
    two = {key: parts for key, parts in cells.items() if key[0] != "m2"}
    models = ["m0", "m1", "m2"]
    assert assays.of_cells(two, models, folds, genes, "all").empty
    samples = assays.of_samples(pairs, models, folds, "all")
    judged = panels.judge(pairs, folds, None)
    assert samples["positive_persister"].mean() == pytest.approx(judged["sensitivity"])
    assert 1 - samples["positive_untreated"].mean() == pytest.approx(judged["specificity"])
    summary = assays.summarise(samples)
    assert summary["n_models"] == 3 and np.isnan(summary["cells_needed"])


def test_predictive_values_are_bayes():
    positive, negative = assays.predictive_values(0.9, 0.8, 0.1)
    assert positive == pytest.approx(0.09 / (0.09 + 0.18)) and negative == pytest.approx(0.72 / (0.72 + 0.01))
    assert np.isnan(assays.predictive_values(0.0, 1.0, 0.1)[0])
    summary = {
        "n_models": 5, "positive_persister": 0.9, "positive_untreated": 0.2, "positive_persister_low": 0.5,
        "positive_untreated_high": 0.6,
    }  # fmt: skip
    table = assays.predict("all", assays.CELLS, summary, [0.1, 0.5])
    assert list(table) == assays.VALUES
    assert table["positive_predictive_value_low"].tolist() == pytest.approx([0.05 / (0.05 + 0.54), 0.25 / 0.55])
    assert (table["negative_predictive_value_low"] < table["negative_predictive_value"]).all()


def test_numbers_needed_are_those_of_the_textbook():
    """Cohen 1988: h = 0.5 needs 63 in each group (table 2.4.1); a paired t with d = 0.5 needs 34 pairs, 1.0 ten."""
    other = np.sin(np.arcsin(np.sqrt(0.3)) + 0.25) ** 2
    assert assays.cells_needed(0.3, other) == 63
    spread = np.array([-1.0, 0.0, 1.0])
    assert [assays.models_needed(d + spread) for d in (0.5, 1.0, 100.0)] == [34, 10, 3]
    assert np.isnan(assays.cells_needed(0.3, 0.3)) and np.isnan(assays.models_needed(np.array([1.0, 1.2])))
    assert np.isnan(assays.models_needed(spread)) and np.isnan(assays.models_needed(0.01 + spread))


def test_cells_are_read_at_one_scale(tmp_path):
    counts = {"a": [[10, 0, 10], [20, 10, 10]], "b": [[40, 40, 0]], "c": [[1, 1, 1]]}
    for name, rows in counts.items():
        genes = ["x", "y", "z"] if name == "a" else ["x", "w", "z"]
        matrix = sparse.csr_matrix(np.array(rows, dtype=np.float32))
        data = anndata.AnnData(matrix, var=pd.DataFrame(index=genes))
        data.write_h5ad(tmp_path / f"{name}.h5ad")
    samples = pd.DataFrame(
        {"model": ["m", "m", "m"], "timepoint": ["untreated", "persister", "relapse"]}, index=["a", "b", "c"]
    )
    paths = {name: str(tmp_path / f"{name}.h5ad") for name in counts}
    found = assays.read_cells(paths, samples, CONTRAST, ["x", "y"])
    assert set(found) == {("m", -1.0), ("m", 1.0)}
    # Totals are 20, 40 and 80: scaled to 40.
    assert np.allclose(np.expm1(found["m", -1.0][0]), [[20, 0], [20, 10]])
    assert np.allclose(np.expm1(found["m", 1.0][0]), [[20, 0]])
