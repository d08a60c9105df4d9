"""A run from scratch on one core gives what it gave on two: same content of every table and matrix."""

import pytest
from checkout import RESULTS, contents, copy_checkout, run

from scripts.report.reproduce import compare, read


@pytest.mark.slow
def test_one_core_and_two_give_the_same(reduced, tmp_path):
    """Every stage, on the reduced demo: libraries from reads and as matrices, profiles, two networks a patient."""
    checkout = copy_checkout(tmp_path)
    ran = run(checkout, "--cores", "1")
    assert ran.returncode == 0, (ran.stdout + ran.stderr)[-8000:]
    two, one = contents(reduced / RESULTS), contents(checkout / RESULTS)
    assert set(one) == set(two)
    assert sum(content not in ("there", "empty") for content in one.values()) > 100, "tables and matrices"
    assert [name for name in one if one[name] != two[name]] == []
    first, second = (read(str(place / RESULTS / "manifest.json")) for place in (reduced, checkout))
    assert compare(first, second)[0] == []
    assert len(first["results"]) > 30, "tables"
