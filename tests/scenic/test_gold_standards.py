"""Networks of GRNBoost2 next to the known truth of SERGIO and DREAM4."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from sklearn.metrics import average_precision_score

from scripts.scenic import grnboost
from scripts.scenic.grnboost import infer_network

GOLD = Path(__file__).parents[3] / "shared" / "data" / "grn"


def precision(adjacencies: pd.DataFrame, genes, tfs, edges: set) -> float:
    """Return the area under the precision–recall curve over all pairs of a factor and another gene."""
    weight = adjacencies.set_index(["TF", "target"])["importance"]
    pairs = pd.MultiIndex.from_tuples([(tf, gene) for tf in tfs for gene in genes if tf != gene])
    return average_precision_score([pair in edges for pair in pairs], weight.reindex(pairs, fill_value=0.0))


@pytest.mark.skipif(not GOLD.exists(), reason="no gold standards next to the repository (../shared/data/grn)")
def test_gold_standard_sergio():
    """arboreto on scikit-learn 1.2.2: AUPRC 0.448 ± 0.080 over five seeds, 550 trees a target; ours 0.445 ± 0.013.

    The bound is where the issue began: arboreto's 0.373 at one seed.
    """
    x = pd.read_csv(GOLD / "SERGIO_DS4" / "simulated_noNoise_S_0.csv.gz", index_col=0).to_numpy().T
    genes = [f"G{i}" for i in range(x.shape[1])]
    gold = pd.read_csv(GOLD / "SERGIO_DS4" / "gt_GRN.csv.gz", header=None).to_numpy()
    edges = {(f"G{tf}", f"G{target}") for tf, target in gold}
    tfs = sorted({tf for tf, _ in edges})
    for importance in grnboost.IMPORTANCES:
        network = infer_network(x, genes, tfs, seed=1, importance=importance, threads=2)
        assert network.rounds.mean() == pytest.approx(550, rel=0.15)
        assert precision(network.adjacencies, genes, tfs, edges) > 0.373


@pytest.mark.skipif(not GOLD.exists(), reason="no gold standards next to the repository (../shared/data/grn)")
@pytest.mark.parametrize("number, chance", [(1, 0.018), (2, 0.025), (3, 0.020)])
def test_gold_standard_dream4(number, chance):
    """Three times as good as chance (edges ÷ pairs), at least, with either importance."""
    x = pd.read_csv(GOLD / "DREAM4" / f"insilico_size100_{number}_multifactorial.tsv", sep="\t")
    gold = GOLD / "DREAM4" / f"DREAM4_GoldStandard_InSilico_Size100_multifactorial_{number}.tsv"
    gold = pd.read_csv(gold, sep="\t", header=None, names=["TF", "target", "edge"])
    edges = set(gold[gold["edge"] == 1][["TF", "target"]].itertuples(index=False, name=None))
    genes = x.columns.tolist()
    assert len(edges) / (100 * 99) == pytest.approx(chance, abs=0.001)
    for importance in grnboost.IMPORTANCES:
        adjacencies = infer_network(x.to_numpy(), genes, genes, seed=1, importance=importance, threads=2).adjacencies
        assert precision(adjacencies, genes, genes, edges) > 3 * chance
