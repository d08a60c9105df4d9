"""Shares of cycling and of persister-like cells of a biopsy among the training models."""

import numpy as np
import pandas as pd
import pytest

from scripts.biopsy import growth

STATES = ("untreated", "persister")


def cells_of(shares: dict[tuple[str, str], float], n: int = 100) -> tuple[np.ndarray, pd.DataFrame]:
    """Return flags and labels of ``n`` cells of each (model, timepoint) with this share flagged."""
    flags = np.concatenate([np.arange(n) < share * n for share in shares.values()]).astype(float)
    rows = [(model, timepoint, f"{model}_{timepoint}") for model, timepoint in shares for _ in range(n)]
    return flags, pd.DataFrame(rows, columns=["model", "timepoint", "sample"])


def test_a_share_is_called_against_untreated_models():
    shares = {(f"m{i}", "untreated"): share for i, share in enumerate((0.4, 0.45, 0.5, 0.55))}
    shares |= {(f"m{i}", "persister"): 0.2 for i in range(4)}
    flags, labels = cells_of(shares)
    calls = {}
    for share in (0.1, 0.47, 0.9):
        own = (np.arange(200) < share * 200).astype(float)
        row = growth.place("cells", own, flags, labels, STATES, 0.95)
        calls[share] = row[7]
        assert row[2] == pytest.approx(share) and 0 < row[3] < 0.4 and 0.55 < row[4] < 1
        assert row[5] == pytest.approx(0.475, abs=0.01) and row[6] == pytest.approx(0.2, abs=0.01)
    assert list(calls.values()) == ["below untreated", "as untreated", "above untreated"]
    assert row[8] == "higher than in 4 of 4 untreated and 4 of 4 persister models"


def test_two_models_give_a_share_and_no_range():
    flags, labels = cells_of({("m0", "untreated"): 0.4, ("m1", "untreated"): 0.5})
    row = growth.place("cells", np.array([1.0, 0.0]), flags, labels, STATES, 0.95)
    assert row[2] == 0.5 and np.isnan(row[3]) and np.isnan(row[6]) and row[7] == ""
    nothing = growth.place("cells", np.array([np.nan]), flags, labels, STATES, 0.95)
    assert np.isnan(nothing[2]) and "too few" in nothing[8]


@pytest.mark.parametrize(("persister", "call"), [(0.0, "as untreated"), (1.0, "above untreated")])
def test_simulated_biopsies_have_the_shares_that_were_planted(simulator, score, persister, call):
    """Of untreated cells 48 % cycle, of persisters 34 %; some resting cells are called cycling by chance."""
    cells = simulator.cells("HBCx7", "biopsy", seed=77, persister=persister, graft_cells=450, ambient=0.15)
    found, _ = score(cells)
    like = found.loc[("growth", growth.LIKE)]
    assert like["call"] == call and like["value"] == pytest.approx(persister, abs=0.1)
    cycling = found.loc[("growth", growth.CYCLING)]
    planted = 0.48 - 0.14 * persister
    assert -0.05 < cycling["value"] - planted < 0.2
    assert cycling["low"] < cycling["untreated"] < cycling["high"] and cycling["persister"] < cycling["untreated"]
