"""Do the network and SCENIC agree on a factor's targets, among the genes that both could name?"""

from __future__ import annotations

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from scripts.activity import compare_networks
from scripts.activity.infer_activity import TF_ACTIVITY

GENES = [f"g{i}" for i in range(100)]
NETWORK_ONLY = [f"n{i}" for i in range(900)]


def opinions(selected: set[str], targets: list[str]) -> pd.DataFrame:
    """Return what is said of a factor A with ``targets`` in SCENIC, g0 to g19 and genes of the network alone there."""
    known = {"A": [*GENES[:20], *NETWORK_ONLY[:30]], "B": [*GENES[20:], *NETWORK_ONLY[30:]]}
    network = pd.DataFrame([(tf, gene) for tf, own in known.items() for gene in own], columns=["source", "target"])
    regulons = pd.DataFrame({"regulon": "A(+)", "tf": "A", "target": targets})
    # Repressed targets rise where the factor falls: they are no second opinion in the same direction.
    repressed = pd.DataFrame({"regulon": "A(-)", "tf": "A", "target": GENES[40:60]})
    regulons = pd.concat([regulons, repressed], ignore_index=True)
    effects = pd.DataFrame({"regulon": ["A(+)", "A(-)"], "effect": [0.1, -0.1], "fdr": 0.01, "k": 3, "n": 3})
    factors = pd.DataFrame({"tf": ["A", "B"]}).reindex(columns=TF_ACTIVITY).assign(score=1.0, effect=1.0, fdr=0.01)
    return compare_networks.compare(factors, effects, regulons, network, selected, 0.05).set_index("tf")


def test_chance_is_that_of_the_genes_that_both_could_name():
    """Four of twenty targets in a hundred genes are what chance gives; 900 genes that SCENIC can't name say nothing."""
    table = opinions({*GENES, "s1", "s2"}, [*GENES[16:36], "s1"])
    assert table.loc["A", ["network_targets", "regulon_targets", "shared_targets"]].tolist() == [50, 21, 4]
    assert table.loc["A", "shared_p"] == pytest.approx(stats.hypergeom.sf(3, 100, 20, 20))
    assert table.loc["A", "shared_p"] > 0.5
    everything = opinions({*GENES, *NETWORK_ONLY}, [*GENES[16:36]])
    assert everything.loc["A", "shared_p"] < 0.05


def test_shared_targets_are_adjusted_over_the_factors():
    table = opinions(set(GENES), GENES[:20])
    assert table.loc["A", "shared_fdr"] == pytest.approx(table.loc["A", "shared_p"])
    assert table.loc["B", ["shared_p", "shared_fdr"]].isna().all()
    assert list(table.reset_index().columns) == compare_networks.OPINIONS


def test_adjusted_values_are_benjamini_and_hochbergs():
    table = opinions(set(GENES), GENES[:5])
    np.testing.assert_allclose(table["shared_fdr"].dropna(), stats.false_discovery_control(table["shared_p"].dropna()))


def test_a_gene_must_be_selected_in_as_many_models_as_the_consensus_asks_for(tmp_path):
    chosen = {"P1_untreated": ["a", "b"], "P1_persister": ["a", "b", "c"], "P2_untreated": ["a", "c"]}
    paths = []
    for group, genes in chosen.items():
        paths.append(tmp_path / f"{group}.h5ad")
        anndata.AnnData(np.ones((2, len(genes))), var=pd.DataFrame(index=genes)).write_h5ad(paths[-1])
    models = [group.split("_")[0] for group in chosen]
    assert compare_networks.selected_genes(paths, models, 1) == {"a", "b", "c"}
    assert compare_networks.selected_genes(paths, models, 2) == {"a", "c"}
    assert compare_networks.selected_genes([], [], 2) == set()
