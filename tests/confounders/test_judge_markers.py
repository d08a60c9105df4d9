"""Which markers composition carries: of known truth, with panels, few models, and nothing measured."""

import numpy as np
import pandas as pd
import pytest

from scripts.confounders.judge_markers import GENE, PANEL, judge, markers_of
from scripts.confounders.tabulate_confounders import BEFORE

N = 40
NORMAL, TUMOUR = "SPI1", "FOSL1"


def study(n: int, ways=("composition|at equal scores",), seed: int = 1):
    """Return markers.tsv and the models' tables: half of the genes (SPI1 first) change by composition alone."""
    rng = np.random.default_rng(seed)
    genes = [NORMAL, TUMOUR, *(f"G{i}" for i in range(N - 2))]
    share = np.where(np.arange(N) % 2 == 0, 0.0, 1.0)
    tables = {}
    for model in range(n):
        change, noise = 2 + 0.2 * rng.normal(size=N), 0.2 * rng.normal(size=N)
        columns = {BEFORE: change + noise, "cell cycle|at equal scores": change + noise}
        columns |= {way: share * change + noise + 0.05 * rng.normal(size=N) for way in ways}
        tables[f"m{model}"] = pd.DataFrame(columns).assign(feature=genes, kind="gene")
    final = ["yes" if gene in (NORMAL, "G0", "G2") else "no" for gene in genes]
    table = pd.DataFrame({"pool": "all genes", "gene": genes, "direction": "up", "in_final": final})
    return table, tables


@pytest.mark.parametrize("n", [3, 8])
def test_what_composition_carries_gets_that_verdict(n):
    table, tables = study(n)
    found = judge(markers_of(table), tables, 0.05).set_index("marker")
    carried = found[found["kind"] == GENE]
    assert (carried["verdict"].iloc[::2] == "composition").mean() >= 0.9
    assert (carried["verdict"].iloc[1::2] == "composition not shown").all()
    assert found.loc[NORMAL, "share_remaining"] < 0.3 and found.loc[TUMOUR, "share_remaining"] > 0.8
    assert found.loc["panel of 3", "kind"] == PANEL and found.loc["panel of 3", "verdict"] == "composition"


def test_falling_markers_count_in_their_own_direction():
    table, tables = study(5)
    for own in tables.values():
        numbers = own.select_dtypes("number").columns
        own[numbers] = -own[numbers]
    found = judge(markers_of(table.assign(direction="down")), tables, 0.05).set_index("marker")
    assert found.loc[NORMAL, "verdict"] == "composition" and found.loc[NORMAL, "effect_before"] > 1.5


def test_a_way_that_holds_nothing_hides_no_other():
    table, tables = study(5)
    for own in tables.values():
        own["composition|another"] = own[BEFORE]
    found = judge(markers_of(table), tables, 0.05).set_index("marker")
    assert found.loc[NORMAL, "method"] == "at equal scores" and found.loc[NORMAL, "verdict"] == "composition"


@pytest.mark.parametrize("n, ways", [(2, ("composition|at equal scores",)), (5, ())])
def test_what_is_not_measured_is_said_so(n, ways):
    table, tables = study(n, ways)
    found = judge(markers_of(table), tables, 0.05)
    assert set(found["verdict"]) == {"not measured"} and found[["p", "fdr"]].isna().all().all()


def test_no_marker_gives_a_table_without_rows():
    table, tables = study(3)
    assert judge(markers_of(table.head(0)), tables, 0.05).empty
