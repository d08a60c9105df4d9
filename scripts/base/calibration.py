"""Measured error rates of p-values, intervals and verdicts: resources/calibration.tsv, which ``make calibration``
writes.

One row per rate: what it is about, the simulated design and truth, the level that the rate should have, and the rate
with its Monte-Carlo error. Docs and report read the figures here.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pandas as pd

PATH = Path(__file__).parents[2] / "resources" / "calibration.tsv"
HEADER = [
    "topic", "what", "design", "truth", "quantity", "level", "rate", "error", "hits", "trials", "bound", "verdict",
    "note",
]  # fmt: skip
SEPARATOR = "; "
"""Between the names that a rate is about."""
LEAST_TRIALS = 20
"""Trials that a printed rate needs: of three, one hit would be 33 %."""


@cache
def read() -> pd.DataFrame:
    """Return all rates (:data:`HEADER`), in the order of the file; without the file none."""
    if not PATH.exists():
        return pd.DataFrame(columns=HEADER)
    table = pd.read_csv(PATH, sep="\t", dtype=str, keep_default_na=False, quoting=3)
    numbers = ["level", "rate", "error", "hits", "trials"]
    table[numbers] = table[numbers].apply(pd.to_numeric)
    return table


def rates_of(table: str, column: str) -> pd.DataFrame:
    """Return the rates measured for a column of a table.

    Parameters
    ----------
    table
        As in the first field of resources/columns.tsv: ``"switches/switches.tsv"``, or ``"*"``.
    column
        As in the second field of resources/columns.tsv.

    Returns
    -------
    DataFrame
        Rows of :data:`HEADER`; none if nothing was measured.
    """
    return _about(f"{table} {column}")


def rates_of_verdict(verdicts: str, name: str) -> pd.DataFrame:
    """Return the rates measured for one verdict (``name``) of a list (``verdicts``), as :func:`rates_of` does."""
    return _about(f"{verdicts}: {name}")


def worst_error(verdicts: str, name: str) -> dict[str, str]:
    """Return how often a verdict was given where it is false: the largest of its rates that have an upper bound.

    Rates of fewer than :data:`LEAST_TRIALS` trials are too imprecise to be the largest. The keys are ``rate`` (per
    cent), ``trials``, ``design`` and ``truth``; an empty dictionary where no such rate was measured.
    """
    rates = rates_of_verdict(verdicts, name)
    rates = rates[(rates["bound"] == "at most") & (rates["trials"] >= LEAST_TRIALS)]
    if rates.empty:
        return {}
    worst = rates.loc[rates["rate"].idxmax()]
    return {"rate": f"{worst['rate']:.1%}", "trials": f"{worst['trials']:,.0f}", **worst[["design", "truth"]]}


def _about(what: str) -> pd.DataFrame:
    rates = read()
    chosen = rates["what"].map(lambda names: what in names.split(SEPARATOR)).astype(bool)
    return rates[chosen].reset_index(drop=True)
