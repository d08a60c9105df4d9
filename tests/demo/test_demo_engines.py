"""Our kernels and pySCENIC itself give the same regulons and activities on the demo."""

import json

import anndata
import numpy as np
import pandas as pd
import pytest
from checkout import only_whole

from scripts.regulons import prune_modules, pyscenic_compat, scoring
from scripts.scenic import aucell, cistarget, motif_table

SETTINGS = {"rank_threshold": 50, "auc_threshold": 0.05, "nes_threshold": 3.0}
GROUP = "HBCx95"

pytestmark = only_whole


@pytest.fixture(scope="module")
def network(results):
    """Return the adjacencies, expression, databases and annotations of one run."""
    expression = anndata.read_h5ad(results / "regulons" / GROUP / "expression.h5ad")
    genes = expression.var_names.tolist()
    paths = sorted((results / "references" / "databases").glob("*.feather"))
    databases = [cistarget.Database.load(path, genes, min_overlap=0.0) for path in paths]
    adjacencies = pd.read_parquet(results / "regulons" / GROUP / "seed-1" / "adjacencies.parquet")
    return adjacencies, expression, databases, motif_table.load_annotations(results / "references" / "motifs.tbl")


@pytest.mark.parametrize("leading_edge", ["motif", "pyscenic"])
def test_regulons_are_those_of_pyscenic(network, leading_edge):
    """Same motifs, same targets, weights within 1e-6."""
    adjacencies, expression, databases, annotations = network
    found = {}
    for engine in ("native", "pyscenic"):
        make_modules, prune, make_regulons = prune_modules.load_engine(engine)
        modules = make_modules(adjacencies, expression.X, expression.var_names.tolist(), min_genes=20)
        motifs = prune(modules, databases, annotations, leading_edge=leading_edge, **SETTINGS)
        found[engine] = motifs, make_regulons(motifs, min_targets=6)
    (ours, regulons), (theirs, reference) = found["native"], found["pyscenic"]
    key = ["tf", "criterion", "database", "motif"]
    assert len(ours) > 20 and set(map(tuple, ours[key].to_numpy())) == set(map(tuple, theirs[key].to_numpy()))
    edges = ["regulon", "tf", "target"]
    both = regulons.merge(reference, on=edges, suffixes=("", "_reference"), how="outer", indicator=True)
    assert (both["_merge"] == "both").all() and len(both) > 100
    np.testing.assert_allclose(both["weight"], both["weight_reference"], rtol=0, atol=1e-6)


def test_activity_is_that_of_pyscenic(results, network):
    """AUCell of all targets as they weigh: within 1e-6 in every cell and regulon, ties broken alike."""
    _, expression, _, _ = network
    edges = pd.read_csv(results / "regulons" / "consensus.tsv", sep="\t")
    regulons = scoring.target_weights(edges, own_gene=True, max_share=1.0)
    given = (expression.X, expression.var_names.tolist(), regulons)
    ours = aucell.score(*given, auc_threshold=0.2, seed=1)
    theirs = pyscenic_compat.score_cells(*given, auc_threshold=0.2, seed=1)
    assert ours.shape == (expression.n_obs, len(regulons))
    np.testing.assert_allclose(ours.to_numpy(), theirs[ours.columns].to_numpy(), rtol=0, atol=1e-6)
    settings = {"activity_score": "aucell", "activity_auc_threshold": 0.2, "engine": "pyscenic"}
    asked = scoring.score(*given, settings, scales=pd.DataFrame(), seed=1)
    np.testing.assert_allclose(asked.to_numpy(), ours.to_numpy(), rtol=0, atol=1e-6)


def test_stored_activity_is_that_of_the_targets(results, network):
    """The demo's own settings: the scaled mean, without factors' own genes."""
    _, expression, _, _ = network
    edges = pd.read_csv(results / "regulons" / "consensus.tsv", sep="\t")
    sets = scoring.target_weights(edges, own_gene=False, max_share=0.1)
    scales = pd.read_csv(results / "regulons" / "genes.tsv", sep="\t")
    given = (expression.layers["counts"], expression.var_names.tolist(), sets, {"activity_score": "scaled_mean"})
    ours = scoring.score(*given, scales=scales, seed=1)
    stored = pd.read_parquet(results / "regulons" / GROUP / "activity.parquet")[ours.columns]
    np.testing.assert_allclose(stored.to_numpy(), ours.to_numpy(), rtol=1e-4, atol=1e-6)


def test_all_planted_factors_with_a_motif_are_offered(results, truth):
    offer = json.loads((results / "regulons" / "databases.json").read_text())
    planted = pd.read_csv(truth / "factors.tsv", sep="\t")["tf"]
    assert set(planted) == set(offer["tfs_with_motif"])
