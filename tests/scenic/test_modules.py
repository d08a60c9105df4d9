import numpy as np
import pandas as pd
import pytest
from prunable import network_of
from scipy import sparse

from scripts.regulons import pyscenic_compat
from scripts.scenic import modules
from scripts.scenic.errors import ExpressionError, NetworkError


@pytest.fixture(scope="module")
def study():
    rng = np.random.default_rng(0)
    genes = [f"G{i}" for i in range(150)]
    activity, effect = rng.normal(size=(200, 12)), rng.normal(size=(12, 150)) * (rng.random((12, 150)) < 0.2)
    mean = np.exp(0.6 * activity @ effect - 0.5)
    mean[:, :12] = np.exp(activity)
    expression = np.log1p(rng.poisson(mean)).astype(np.float32)
    expression[:, 149] = 0.3  # a constant gene correlates with nothing
    return sparse.csr_matrix(expression), genes, network_of(expression, genes, genes[:12], decimals=2)


def described(found):
    return [(m.tf, m.criterion, m.sign, m.targets) for m in found]


@pytest.mark.parametrize("only_activating", [True, False])
def test_modules_are_pyscenics(study, only_activating):
    expression, genes, adjacencies = study
    options = {"min_genes": 8, "only_activating": only_activating}
    ours = modules.modules_from_adjacencies(adjacencies, expression, genes, **options)
    theirs = pyscenic_compat.modules_from_adjacencies(adjacencies, expression, genes, **options)
    assert adjacencies["importance"].duplicated().mean() > 0.5, "the top lists must be decided by ties too"
    assert {m.sign for m in ours} == ({"activating"} if only_activating else {"activating", "repressing"})
    assert described(ours) == described(theirs)


def test_modules_with_other_criteria_are_pyscenics(study):
    expression, genes, adjacencies = study
    options = {
        "thresholds": (0.5, 0.95),
        "top_targets": (7, 30),
        "top_regulators": (1, 2),
        "min_genes": 3,
        "rho_threshold": 0.1,
    }
    ours = modules.modules_from_adjacencies(adjacencies, expression.toarray(), genes, **options)
    assert {m.criterion for m in ours} == {
        "weight>50.0%",
        "weight>95.0%",
        "top7",
        "top30",
        "top1perTarget",
        "top2perTarget",
    }
    assert described(ours) == described(
        pyscenic_compat.modules_from_adjacencies(adjacencies, expression, genes, **options)
    )


def test_modules_of_a_network_that_one_can_check_by_eye():
    cells = np.array([0.0, 1.0, 2.0, 3.0])
    expression = np.column_stack([cells, cells, 3 - cells, cells, np.ones(4)])
    genes = ["T", "up", "down", "weak", "constant"]
    adjacencies = pd.DataFrame(
        {"TF": "T", "target": ["weak", "constant", "up", "down"], "importance": [1.0, 9.0, 5.0, 7.0]}
    )
    found = modules.modules_from_adjacencies(
        adjacencies,
        expression,
        genes,
        thresholds=(0.25,),
        top_targets=(1,),
        top_regulators=(1,),
        min_genes=1,
        only_activating=False,
    )
    assert described(found) == [
        ("T", "weight>25.0%", "activating", {"up": 5.0, "T": 1.0}),
        ("T", "top1", "activating", {"up": 5.0, "T": 1.0}),
        ("T", "top1perTarget", "activating", {"weak": 1.0, "up": 5.0, "T": 1.0}),
        ("T", "weight>25.0%", "repressing", {"down": 7.0, "T": 1.0}),
        ("T", "top1", "repressing", {"down": 7.0, "T": 1.0}),
        ("T", "top1perTarget", "repressing", {"down": 7.0, "T": 1.0}),
    ]
    assert len(found[0]) == 2
    least = modules.modules_from_adjacencies(adjacencies, expression, genes, top_regulators=(1,), min_genes=3)
    assert {m.criterion for m in least} == {"top50", "top1perTarget"}


def test_correlations_are_numpys_over_blocks_of_factors(study, monkeypatch):
    expression, genes, adjacencies = study
    column = pd.Index(genes)
    tf, target = column.get_indexer(adjacencies["TF"]), column.get_indexer(adjacencies["target"])
    with np.errstate(invalid="ignore"):
        expected = np.corrcoef(expression.toarray().astype(float).T)[tf, target]
    once = modules.correlate_edges(expression, tf, target)
    np.testing.assert_allclose(once, np.where(target == 149, np.nan, expected), atol=1e-12)
    monkeypatch.setattr(modules, "BLOCK", 5)
    np.testing.assert_array_equal(modules.correlate_edges(expression, tf, target), once)


def test_no_edge_makes_no_module(study):
    expression, genes, adjacencies = study
    for engine in (modules, pyscenic_compat):
        assert engine.modules_from_adjacencies(adjacencies.iloc[:0], expression, genes) == []
        assert engine.modules_from_adjacencies(adjacencies, expression, genes, min_genes=1_000) == []


@pytest.mark.parametrize("engine", [modules, pyscenic_compat])
def test_mistakes_have_one_clear_error(study, engine):
    expression, genes, adjacencies = study
    make = engine.modules_from_adjacencies
    with pytest.raises(NetworkError, match="no column importance"):
        make(adjacencies.drop(columns="importance"), expression, genes)
    with pytest.raises(NetworkError, match="importance is missing"):
        make(adjacencies.assign(importance=np.nan), expression, genes)
    with pytest.raises(NetworkError, match=r"an edge \(TF, target\) occurs in two rows"):
        make(pd.concat([adjacencies, adjacencies.head(1)]), expression, genes)
    with pytest.raises(NetworkError, match=r"1 of 150 genes aren't in the expression matrix \(G7\)"):
        make(adjacencies, expression, [gene.replace("G7", "ENSG7") if gene == "G7" else gene for gene in genes])
    with pytest.raises(ExpressionError, match=r"duplicate genes \(G0\)"):
        make(adjacencies, expression, ["G0", "G0", *genes[2:]])
