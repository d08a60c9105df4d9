"""Whether peaks of a factor lie near its targets: beside the evidence of expression, outside of rank and verdict.

Peaks are of one cell line or tumour, so that they can't decide about patients.
"""

from __future__ import annotations

import pandas as pd

from scripts.base.tables import read_labelled
from scripts.switches.evidence.terms import CHROMATIN


def join(switches: pd.DataFrame, path: str | None) -> pd.DataFrame:
    """Return the switches with :data:`CHROMATIN` of chromatin/support.tsv; as they are in a study without peaks."""
    if not path:
        return switches
    support = read_labelled(path, "verdict").set_index("regulon")
    found = {name: switches["regulon"].map(support[column]) for name, column in CHROMATIN.items()}
    return switches.assign(**found)
