"""Sentences of the switches: the verdicts, and the checks of depth and platforms."""

from __future__ import annotations

import pandas as pd

from scripts.figure.figure import Text
from scripts.figure.style import Style, count
from scripts.figure.verdicts import list_rules
from scripts.switches.evidence.charts import one_of
from scripts.switches.verdicts import DEPTH, MIN_PERTURBED, VERDICTS

NAMED = 4
"""Regulons or factors that a sentence names."""


def list_verdicts(switches: pd.DataFrame, style: Style) -> Text | None:
    """Return the verdicts that occur, in the order of their rules, with number, rule and measured error."""
    numbers = {name: count(int(n), one_of(style)) for name, n in switches["verdict"].value_counts().items()}
    settings = style.settings
    return list_rules("switches", VERDICTS, numbers, fdr=settings["fdr"], min_effect=f"{settings['min_effect']} sd")


def list_checks(switches: pd.DataFrame, judged: pd.DataFrame | None, style: Style) -> Text | None:
    """Return whether changes were measured at equal depth, how many differ by platform, with those that differ most,
    and what perturbations say of silencing in silico (``judged``: switches/perturbation_judged.tsv).
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
    if judged is not None and len(judged):
        row = judged.iloc[0]
        number = count(int(row["n_factors"]), "factor")
        if pd.isna(row["p"]):
            parts.append(("simulation_unjudged", {"number": number, "least": f"{MIN_PERTURBED}"}))
        else:
            numbers = {name: f"{row[name]:.2f}" for name in ("simulated", "baseline", "p")}
            parts.append(("simulation", {"number": number, "verdict": row["verdict"], **numbers}))
    return Text(tuple(parts), "bullets") if parts else None
