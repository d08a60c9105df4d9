"""Sentences of the switches: the verdicts, and what depth and platforms have to do with them."""

from __future__ import annotations

import pandas as pd

from scripts.base.calibration import rates_of_verdict
from scripts.base.verdicts import describe
from scripts.figure.figure import Text
from scripts.figure.style import Style, count
from scripts.switches.evidence.charts import one_of
from scripts.switches.verdicts import DEPTH, VERDICTS

NAMED = 8
"""Regulons or factors that a sentence names."""


def error_of(verdict: str) -> dict[str, str]:
    """Return how often a verdict was given where it is false: the largest rate of the calibration (rate, trials,
    design, truth); nothing where none was measured.
    """
    rates = rates_of_verdict("switches", verdict)
    rates = rates[rates["bound"] == "at most"]
    if rates.empty:
        return {}
    worst = rates.loc[rates["rate"].idxmax()]
    return {"rate": f"{worst['rate']:.1%}", "trials": f"{worst['trials']:,.0f}", **worst[["design", "truth"]]}


def list_verdicts(switches: pd.DataFrame, style: Style) -> Text | None:
    """Return the verdicts that occur, in the order of their rules, with number, rule and measured error."""
    numbers = switches["verdict"].value_counts()
    rules = describe(VERDICTS, fdr=style.settings["fdr"], min_effect=f"{style.settings['min_effect']} sd")
    parts = []
    for name, rule in rules.items():
        if name in numbers:
            error = error_of(name)
            told = {"name": name, "number": count(int(numbers[name]), one_of(style)), "rule": rule} | error
            parts.append(("verdict_measured" if error else "verdict", told))
    return Text(tuple(parts), "bullets") if parts else None


def list_checks(switches: pd.DataFrame, style: Style) -> Text | None:
    """Return whether changes were measured at equal depth, and how many differ by platform, with those that differ
    most.
    """
    parts = []
    if switches["effect_at_equal_depth"].notna().any():
        n = int((switches["verdict"] == DEPTH.name).sum())
        parts.append(("depth", {"number": count(n, one_of(style))}))
    elif style.cells and len(switches):
        parts.append(("no_depth", {}))
    told = switches[switches["by_platform"].fillna("") != ""]
    tested = told[told["platform_fdr"].notna()]
    if len(tested):
        most = tested.sort_values("platform_p", kind="stable").head(NAMED)
        names = "; ".join(most["regulon"] + ": " + most["by_platform"])
        differ = int((tested["platform_fdr"] <= style.settings["fdr"]).sum())
        parts.append(("platforms", {"number": count(differ, one_of(style)), "of": f"{len(tested):,d}", "most": names}))
    elif len(told):
        parts.append(("platforms_untested", {}))
    return Text(tuple(parts), "bullets") if parts else None
