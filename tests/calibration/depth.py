"""Changes at equal depth, and the verdict on those that go (scripts/activity/depth.py, scripts/switches/checks.py)."""

from __future__ import annotations

from simulators import analysis, studies

from calibration.row import POWER, TYPE_1, VERDICT, Row
from scripts.switches import verdicts

LEVEL = 0.05
CELLS = 60
P = ("* p_at_equal_depth", "* fdr_at_equal_depth")
SHARED = (f"switches: {verdicts.SHARED.name}", "switches/switches.tsv verdict")
DEPTH = (f"switches: {verdicts.DEPTH.name}", "switches/switches.tsv verdict")


def rows(quick: bool) -> list[Row]:
    """Return the rates in whole studies of five to eight models, whose persisters are less deep than the others."""
    found, design = [], "5 to 8 × (1+1), 60 cells a sample"
    for depth in (0.5, 0.3):
        hits = trials = called = named = 0
        n = 3 if quick else 24
        for seed in range(n):
            study = studies.simulate(seed, "none", n_cells=CELLS, depth=depth)
            table = analysis.analyse(study, evidence=False).switches
            hits += int((table["p_at_equal_depth"] <= LEVEL).sum())
            trials += int(table["p_at_equal_depth"].notna().sum())
            called += bool((table["verdict"] == verdicts.SHARED.name).any())
            named += bool((table["verdict"] == verdicts.DEPTH.name).any())
        truth = f"no programme; persisters have {depth:g} of the depth"
        note = "regulons of one study depend on one another"
        found.append(Row(P, design, truth, TYPE_1, LEVEL, hits, trials, note=note))
        found.append(Row(SHARED, design, truth, VERDICT, LEVEL, called, n, "at most", "studies with any"))
        found.append(Row(DEPTH, design, truth, VERDICT, None, named, n, "reported", "studies with any"))
    hits = trials = lost = 0
    for seed in range(1 if quick else 12):
        study = studies.simulate(seed, n_cells=CELLS, depth=0.5)
        table = analysis.analyse(study, evidence=False).switches.set_index("tf").loc[list(study.planted)]
        hits += int(table["verdict"].isin([verdicts.SHARED.name, verdicts.SMALL.name]).sum())
        lost += int((table["verdict"] == verdicts.DEPTH.name).sum())
        trials += len(table)
    truth = "planted switches; persisters have 0.5 of the depth"
    found.append(Row(SHARED, design, truth, POWER, None, hits, trials, "reported", "shared, of any size"))
    found.append(Row(DEPTH, design, truth, VERDICT, LEVEL, lost, trials, "at most"))
    return found
