"""`make scale`: sizes that a folder was not made for are refused, and growth is fitted."""

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).parent))

import scale_counting
import scale_libraries
import scale_runs


def test_other_sizes_than_a_folder_was_made_with_are_refused(tmp_path):
    scale_runs.keep_sizes(tmp_path / "new", cells=1_000, millions=[12.5, 25])
    scale_runs.keep_sizes(tmp_path / "new", cells=1_000, millions=[12.5, 25])
    with pytest.raises(SystemExit, match=r"cells 1000 instead of 500; give these sizes again, or another --folder"):
        scale_runs.keep_sizes(tmp_path / "new", cells=500, millions=[12.5, 25])


def test_depths_are_multiples_of_the_smallest():
    assert scale_counting.lanes_of(argparse.Namespace(millions=[12.5, 25, 50])) == (12_500_000, 4)
    with pytest.raises(SystemExit, match="multiples"):
        scale_counting.lanes_of(argparse.Namespace(millions=[12.5, 20]))


def test_growth_is_the_power_of_the_number_of_libraries():
    sizes = np.array([8, 16, 32])
    table = pd.DataFrame({
        "stage": ["cells"] * 3 + ["markers"] * 3, "libraries": [*sizes, *sizes],
        "job_s": [*(3.0 * sizes), *(0.1 * sizes**2)], "peak_gb": 1.2, "disk_gb": [*(0.5 * sizes), 0, 0, 0],
    })  # fmt: skip
    found = scale_libraries.growth(table).set_index("stage")
    assert found["job_s_power"].tolist() == pytest.approx([1, 2])
    assert found.loc["cells", "peak_gb_power"] == pytest.approx(0, abs=1e-9)
    assert found.loc["cells", "disk_gb_power"] == pytest.approx(1) and np.isnan(found.loc["markers", "disk_gb_power"])
    assert found.loc["cells", "job_s_16"] == 48
