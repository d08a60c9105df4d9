"""Sentences of the page on measured error rates that say what a topic's rates come to, with their figures."""

from __future__ import annotations

from textwrap import fill

import pandas as pd

from calibration import mixed_models
from calibration.row import POWER, TYPE_1

WIDTH = 120


def wrapped(text: str) -> str:
    """Return a paragraph in lines of the docs' width."""
    return fill(" ".join(text.split()), WIDTH)


def extent(rates: pd.Series) -> str:
    """Return the smallest and the largest rate in words."""
    return f"{rates.min():.3f} to {rates.max():.3f}"


def on_power(own: pd.DataFrame) -> str:
    """Return how size-adjusted power compares with that of limma's moderated paired t."""
    adjusted = own[own["truth"].str.endswith("; size-adjusted")]
    differences = adjusted["rate"] - adjusted["level"]
    lowest = adjusted.loc[differences.idxmin()]
    held = int((differences >= -2 * adjusted["error"]).sum())
    return wrapped(f"""
        A test that calls more where nothing changes also finds more where something does. Power is therefore compared
        at equal size: each test has the cut-off on its FDR by which it calls something in 5 % of simulated studies
        without an effect. The headline then is at least as powerful as limma's moderated paired t, give or take two
        Monte-Carlo errors, in {held} of {len(adjusted)} settings; the difference is {differences.min():+.3f} to
        {differences.max():+.3f}, the lowest in {lowest["design"]}. Powers at the nominal level stand beside them with
        the family-wise error of either test.""")


def on_mixed_models(own: pd.DataFrame) -> str:
    """Return how duplicateCorrelation does beside the headline."""

    def of(method: str, quantity: str) -> str:
        return extent(own[(own["what"] == mixed_models.METHODS[method]) & (own["quantity"] == quantity)]["rate"])

    state, model = mixed_models.BLOCKS
    size, power = ([of(method, kind) for method in (*mixed_models.BLOCKS, "headline")] for kind in (TYPE_1, POWER))
    return wrapped(f"""
        Mixed models take all samples, with one correlation within blocks for all features (limma's
        duplicateCorrelation, by pylimma; dream is not available in Python). With blocks of {state} and models as fixed
        effects the type I error at 0.05 is {size[0]} over these designs, with blocks of {model} {size[1]}, and with the
        headline's paired differences {size[2]}; power is {power[0]}, {power[1]} and {power[2]}. The headline is the one
        whose type I error holds in all designs; the mixed models' greater power comes with errors above their level.
        """)


REMARKS = {"paired_power": on_power, "mixed_models": on_mixed_models}
"""Topic → what is said before its table."""
