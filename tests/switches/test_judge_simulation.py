"""Silencing in silico held against perturbations, and the rank without it where it is no better than its baseline."""

import numpy as np
import pandas as pd

from scripts.switches import rank_switches
from scripts.switches.evidence import assemble
from scripts.switches.evidence.judge_simulation import judge, shares_of

TRUE = pd.Series(np.arange(8.0), index=list("ABCDEFGH"))


def test_few_factors_judge_nothing():
    row = judge(TRUE[:5], TRUE[:5], TRUE)
    assert row["n_factors"] == 5 and row["verdict"] == "not judged" and np.isnan(row["p"])


def test_silencing_must_be_nearer_than_its_baseline():
    assert judge(TRUE, -TRUE, TRUE)["verdict"] == "better than its baseline"
    alike = judge(TRUE, TRUE, TRUE)
    assert alike["verdict"] == "not better than its baseline" and alike["p"] == 1 and alike["simulated"] == 1


def test_perturbations_that_did_not_work_tell_nothing():
    """A gain that is not shown to have changed its factor, beside one that is."""
    table = pd.DataFrame(
        {
            "tf": ["A", "A", "B"],
            "factor_changed": ["own mRNA", "not shown", "targets"],
            "programme_share": [0.5, 0.0, 0.3],
        }
    )
    assert shares_of(table).to_dict() == {"A": 0.5, "B": 0.3}


def test_what_is_not_better_plays_no_part_in_the_rank(tmp_path):
    path = tmp_path / "judged.tsv"
    for row, part in ((judge(TRUE, TRUE, TRUE), False), (judge(TRUE, -TRUE, TRUE), True)):
        pd.DataFrame([row]).to_csv(path, sep="\t", index=False)
        assert rank_switches.ranks_knockout(str(path)) == part
    assert rank_switches.ranks_knockout(None)
    evidence = pd.DataFrame({kind: [np.nan if kind == "knockout" else 1.0] for kind in assemble.KINDS}, index=["A(+)"])
    assert assemble.missing_words(evidence, False)["A(+)"] == assemble.NOT_BETTER
