"""Real cells with fewer of their molecules keep their mean activity: PC9 with the regulons of CollecTRI."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"
sys.path.insert(0, str(ROOT / "tests" / "benchmarks"))

pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(not (DATA / "pc9_erlotinib").is_dir(), reason="../shared/data/pc9_erlotinib isn't here"),
]


@pytest.fixture(scope="module")
def pc9():
    """Return counts of PC9 cells, genes, CollecTRI's regulons and the scales of genes."""
    from activity_scores import read_pc9

    from scripts.regulons import scoring

    counts, samples, genes, sets = read_pc9()
    return counts, genes, sets, scoring.scales_of(counts, genes, samples)


@pytest.mark.parametrize("share", [0.58, 0.25])
def test_thinned_cells_keep_their_activity(pc9, share):
    from activity_scores import SCORES, moves

    counts, genes, sets, scales = pc9
    assert counts.shape[0] > 1_000 and len(sets) > 300
    moved = np.abs(moves(counts, genes, sets, scales, SCORES["scaled_mean"], share, draws=3))
    assert (moved < 0.1).mean() >= 0.95
