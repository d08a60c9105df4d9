"""Shares of lineages: exact means over draws, unbiased at unequal numbers of cells, and the verdicts."""

import numpy as np
import pandas as pd
import pytest

from scripts.stats import composition
from scripts.stroma import shares

LINEAGES = ("A", "B", "C")


def table_of(cells: dict[tuple[str, str], tuple[int, ...]], min_cells: int = 20) -> pd.DataFrame:
    """Return shares.tsv of cells of three lineages by model and timepoint."""
    rows = [
        {"sample": f"{model}{when}", "model": model, "timepoint": when, "arm": when, "lineage": name}
        for (model, when), own in cells.items()
        for name, n in zip(LINEAGES, own, strict=True)
        for _ in range(n)
    ]
    labels = pd.DataFrame(rows)
    return shares.count(labels["lineage"], labels, min_cells)


def test_shares_add_up_and_small_samples_are_left_out():
    table = table_of({("M", "u"): (10, 30, 0), ("M", "p"): (5, 5, 5)})
    assert table.groupby("sample")["share"].sum().tolist() == [1.0, 1.0]
    assert table.set_index("sample")["used"].to_dict() == {"Mu": "yes", "Mp": "no"}
    assert table.query("sample == 'Mu' and lineage == 'C'")["cells"].tolist() == [0]


def test_the_mean_over_draws_is_that_of_drawing():
    rng = np.random.default_rng(1)
    expected = composition.expected_logs(np.array([3, 40]), 60, 15)
    drawn = rng.multivariate_hypergeometric([3, 40, 17], 15, size=40_000)[:, :2]
    assert expected == pytest.approx(np.log2(drawn + composition.PRIOR).mean(axis=0), abs=0.02)
    assert composition.expected_logs(np.array([3]), 60, 60) == pytest.approx(np.log2(3.5))


def test_unequal_numbers_of_cells_make_no_change():
    """The log of a rare lineage's count is biased by the number of cells; at equal numbers it isn't."""
    rng, found, naive = np.random.default_rng(2), [], []
    part = np.array([0.59, 0.4, 0.01])
    for _ in range(400):
        cells = {("M", "u"): tuple(rng.multinomial(400, part)), ("M", "p"): tuple(rng.multinomial(25, part))}
        rows = [
            (f"M{when}", "M", when, when, name, n, n / sum(own), "yes")
            for (_, when), own in cells.items()
            for name, n in zip(LINEAGES, own, strict=True)
        ]
        ratios, _ = shares.log_ratios(pd.DataFrame(rows, columns=shares.SHARES), "A")
        found.append(ratios.loc["Mp"] - ratios.loc["Mu"])
        logs = {when: np.log2(np.array(cells["M", when]) + composition.PRIOR) for when in ("u", "p")}
        naive.append((logs["p"] - logs["p"][0])[2] - (logs["u"] - logs["u"][0])[2])
    error = np.std([row["C"] for row in found]) / 20
    assert abs(np.mean([row["C"] for row in found])) < 3 * error
    assert abs(np.mean(naive)) > 4 * error


def test_one_lineage_that_grows_is_found_and_the_reference_is_stated():
    rng, cells = np.random.default_rng(3), {}
    for model in "KLMNO":
        cells[model, "u"] = tuple(rng.multinomial(1000, [0.5, 0.3, 0.2]))
        cells[model, "p"] = tuple(rng.multinomial(400, np.array([0.5, 0.3, 1.6]) / 2.4))
    table = table_of(cells)
    by_one = shares.compare(table, "u", ["p", "r"], reference="A", limit=0.05)
    assert by_one["lineage"].tolist() == ["B", "C"] * 2 and set(by_one["reference"]) == {"A"}
    main = by_one[by_one["contrast"] == "p vs u"].set_index("lineage")
    assert main.loc["C", "verdict"] == "rises" and main.loc["B", "verdict"] != "rises"
    assert abs(main.loc["B", "effect"]) < 0.5
    assert main.loc["C", "ci_low"] < 3 < main.loc["C", "ci_high"]
    assert set(by_one.loc[by_one["contrast"] == "r vs u", "verdict"]) == {"too few models"}
    centred = shares.compare(table, "u", ["p"], limit=0.05)
    assert centred["effect"].sum() == pytest.approx(0, abs=1e-9) and len(centred) == 3
    two = shares.compare(table[table["model"].isin(["K", "L"])], "u", ["p"], limit=0.05)
    assert set(two["verdict"]) == {"too few models"} and two["p"].isna().all() and two["effect"].notna().all()


def test_without_cells_or_with_one_lineage_nothing_is_compared():
    assert shares.compare(pd.DataFrame(columns=shares.SHARES), "u", ["p"], limit=0.05).empty
    alone = table_of({("M", "u"): (50, 0, 0), ("M", "p"): (60, 0, 0)})
    assert shares.compare(alone, "u", ["p"], limit=0.05).empty


def test_a_reference_that_the_study_lacks_gives_no_numbers():
    table = table_of({("M", "u"): (20, 10, 10), ("M", "p"): (20, 10, 10)})
    assert shares.compare(table, "u", ["p"], reference="Z", limit=0.05)["effect"].isna().all()


def test_rare_lineages_count_as_other():
    lineage = pd.Series(["A"] * 995 + ["B"] * 5)
    assert set(shares.join_rare(lineage, pd.Series(["s"] * 1000))) == {"A", "other"}
