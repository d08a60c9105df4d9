"""Genes to distrust: those that lose a tenth of their reads or more to the other species."""

from __future__ import annotations

import pandas as pd

LEAST_SHARE = 0.1
"""Share of a gene's reads from which it is distrusted: a change of it by less is within what counters differ by."""
FEWEST = 20
"""UMIs taken below which a share is uninformative (a standard error of a fifth and more)."""


def distrusted(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of counts/other_species.tsv with genes to distrust."""
    return table[(table["share_taken"] >= LEAST_SHARE) & (table["umis_taken"] >= FEWEST)]
