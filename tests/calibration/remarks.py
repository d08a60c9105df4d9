"""Sentences of the page on measured error rates that say what a topic's rates come to, with their figures."""

from __future__ import annotations

from textwrap import fill

import pandas as pd

from calibration import mixed_models
from calibration.row import POWER, TYPE_1

WIDTH = 120
MOST = 0.065
"""Largest type I error that passes for 0.05."""


def wrapped(text: str) -> str:
    """Return a paragraph in lines of the docs' width."""
    return fill(" ".join(text.split()), WIDTH)


def extent(rates: pd.Series) -> str:
    """Return the smallest and the largest rate in words."""
    return f"{rates.min():.3f} to {rates.max():.3f}"


def on_power(own: pd.DataFrame, _: pd.DataFrame) -> str:
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
        {differences.max():+.3f}, the lowest in {lowest["design"]}. Powers at the nominal level stand next to them with
        the family-wise error of either test.""")


def on_mixed_models(own: pd.DataFrame, whole: pd.DataFrame) -> str:
    """Return how duplicateCorrelation does next to the headline."""

    def of(method: str, quantity: str) -> pd.Series:
        return own[(own["what"] == mixed_models.METHODS[method]) & (own["quantity"] == quantity)]["rate"]

    state, model = mixed_models.BLOCKS
    methods = (state, model, "headline")
    size, power = ([extent(of(method, kind)) for method in methods] for kind in (TYPE_1, POWER))
    above = [int((of(method, TYPE_1) > MOST).sum()) for method in methods]
    paired = whole[(whole["topic"] == "paired") & (whole["quantity"] == TYPE_1)]["rate"]
    return wrapped(f"""
        Mixed models take all samples, with one correlation within blocks for all features (limma's
        duplicateCorrelation, by pylimma; dream is not available in Python). In {len(of(state, TYPE_1))} settings, 15
        studies each, their type I error at 0.05 is {size[0]} with blocks of {state} and models as fixed effects (above
        {MOST} in {above[0]}), and {size[1]} with blocks of {model} (in {above[1]}); that of the headline's paired
        differences is {size[2]} (in {above[2]}). Power is {power[0]}, {power[1]} and {power[2]}. The mixed models find
        more, but their error exceeds its level where patients' changes differ; the headline's, from more studies
        (topic *paired*), is {extent(paired)} in all designs. Therefore it stays the headline.""")


REMARKS = {"paired_power": on_power, "mixed_models": on_mixed_models}
"""Topic → what is said before its table."""
