"""Expression that several tests infer networks from."""

import pytest
from boosted import simulate


@pytest.fixture(scope="module")
def umi():
    """Sparse expression of 30 factors and 12 targets in 200 cells."""
    return simulate("umi", 200, 30, 12)
