"""Perturbations measured in the study's own samples: changes against controls, p-values where there are replicates."""

import numpy as np
import pandas as pd
import pytest

from scripts.base.job import UserError
from scripts.perturbations.measure_perturbations import contrast


def counts(rng: np.random.Generator, n: int, m: int, genes: int = 600, raised: int = 0) -> pd.DataFrame:
    """Return counts of n perturbed and m control samples of unlike depth, the first ``raised`` genes at four times."""
    level = rng.lognormal(4, 1, genes)
    fold = np.where(np.arange(genes) < raised, 4.0, 1.0)
    rows = [
        rng.poisson(level * rng.gamma(20, 1 / 20, genes) * (fold if i < n else 1) * (1 + i % 3)) for i in range(n + m)
    ]
    return pd.DataFrame(
        rows, index=[f"s{i}" for i in range(n + m)], columns=[f"g{i}" for i in range(genes)], dtype=float
    )


@pytest.mark.parametrize(("n", "m"), [(1, 1), (3, 2)])
def test_planted_changes_are_found_and_p_needs_replicates(n, m):
    table = counts(np.random.default_rng(1), n, m, raised=40)
    names = list(table.index)
    found = contrast(table, names[:n], names[n:])
    raised = found.index.isin([f"g{i}" for i in range(40)])
    assert found.loc[raised, "log_fc"].mean() == pytest.approx(2, abs=0.25)
    assert abs(found.loc[~raised, "log_fc"].mean()) < 0.1
    assert found["p"].isna().all() if n == 1 else (found.loc[raised, "p"] < 0.01).mean() > 0.9


def test_genes_that_one_side_lacks_are_left_out():
    table = counts(np.random.default_rng(2), 2, 2)
    table.iloc[0, 0], table.iloc[:, 1] = np.nan, 0.0
    assert not {"g0", "g1"} & set(contrast(table, ["s0", "s1"], ["s2", "s3"]).index)


def test_samples_without_a_common_gene_are_refused():
    table = counts(np.random.default_rng(3), 1, 1)
    with pytest.raises(UserError, match="samples s0, s1: of 0 genes that all of them measure none has 10 counts"):
        contrast(table.iloc[:, :0], ["s0"], ["s1"])
    with pytest.raises(UserError, match="of 600 genes"):
        contrast(table * 0.0, ["s0"], ["s1"])
