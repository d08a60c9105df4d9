"""Warnings of the report: each check of the results gives the values of its warning, or none.

The warnings' sentences are in ``resources/report/findings.yaml`` under the same names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from scripts.base.tables import ALL_ARMS
from scripts.base.verdicts import MIN_MODELS
from scripts.confounders.terms import SIGNATURE
from scripts.figure.style import count, listed
from scripts.reads.library_warnings import FEWEST_IN_GENES
from scripts.report.source import Source
from scripts.switches.verdicts import DEPTH

UNEQUAL = 0.1
"""Difference of the shares of cells removed at two timepoints that gives a warning: a convention, not a test."""
SHOWN = 6
"""Steps that are named."""
BEFORE = ("empty", "host", "mixed")
"""Steps before the filters: what they remove are no cells of the tumour."""


@dataclass(frozen=True)
class Given:
    """What checks look at.

    Parameters
    ----------
    source, places
        The results, and the study's terms.
    contrast
        Name of the comparison.
    activity, expression
        Rows of the design tables for the comparison over all arms, or None.
    """

    source: Source
    places: Mapping[str, Any]
    contrast: str
    activity: pd.Series | None
    expression: pd.Series | None

    @property
    def design(self) -> pd.Series | None:
        """The row of activity, or of expression where activity isn't compared."""
        return self.expression if self.activity is None else self.activity

    @property
    def arms(self) -> list[str]:
        """The arms that are compared, in the order of the config."""
        found: set[str] = set()
        for path in ("activity/design.tsv", "expression/expression_design.tsv"):
            table = self.source.table(path)
            if not found and table is not None and len(table):
                rows = table[(table["contrast"] == self.contrast) & (table["arm"] != ALL_ARMS)]
                found = set(rows.loc[rows["n_models"] > 0, "arm"])
        return [entry["arm"] for entry in self.source.config["arms"] if entry["arm"] in found]


Warned = dict[str, Any] | None
"""Values of the warning's places; empty if there is nothing to warn of, None if it can't be checked. ``sentence`` names
the sentence where there are several."""


def check_models(given: Given) -> Warned:
    """Return how many models are compared if they are too few."""
    if given.design is None:
        return None
    n = int(given.design["n_models"])
    return {"models": count(n, "model")} if n < MIN_MODELS else {}


def check_treatments(given: Given) -> Warned:
    """Return the arms if they can't be separated from the models."""
    if given.design is None:
        return None
    return {"arms": listed(given.arms)} if given.design["confounded"] == "yes" and len(given.arms) > 1 else {}


def lost_by_model(table: pd.DataFrame) -> pd.DataFrame:
    """Return models × timepoints: share of the tumour's cells that filters removed (cells/attrition.tsv)."""
    order = table.groupby("sample", sort=False)
    tumour = table[table["step"].isin(BEFORE)].groupby("sample", sort=False)["remaining"].last()
    numbers = order[["model", "timepoint"]].first().assign(tumour=tumour, kept=order["remaining"].last())
    sums = numbers.groupby(["model", "timepoint"], sort=False)[["tumour", "kept"]].sum()
    return (1 - sums["kept"] / sums["tumour"].where(sums["tumour"] > 0)).unstack()


def check_losses(given: Given) -> Warned:
    """Return the shares of cells that were removed if they differ by more than :data:`UNEQUAL` between timepoints."""
    table = given.source.table("cells/attrition.tsv")
    if table is None or not len(table):
        return None
    lost = lost_by_model(table).reindex(columns=[given.places["baseline"], given.places["persister"]]).dropna()
    if not len(lost):
        return None
    before, after = lost.iloc[:, 0], lost.iloc[:, 1]
    gap = 100 * (after - before)
    if abs(gap.mean()) <= 100 * UNEQUAL:
        return {}
    return {
        "persister_lost": f"{after.mean():.0%}",
        "baseline_lost": f"{before.mean():.0%}",
        "models": count(len(lost), "model"),
        "low": f"{gap.min():.0f}".replace("-", "−"),
        "high": f"{gap.max():.0f}".replace("-", "−"),
    }


def check_steps(given: Given) -> Warned:
    """Return the steps that remove much of a sample, or unequally between its timepoints (cells/attrition.tsv)."""
    table = given.source.table("cells/attrition.tsv")
    if table is None or not len(table):
        return None
    warned = table[table["warning"].fillna("") != ""]
    if not len(warned):
        return {}
    told = [f"{row['sample']}, {row['step']}: {row['warning']}" for row in warned.head(SHOWN).to_dict("records")]
    rest = len(warned) - len(told)
    return {"steps": "; ".join([*told, f"and {rest} more"] if rest else told)}


def check_reads(given: Given) -> Warned:
    """Return the libraries of which few reads lie in genes (cells/libraries.tsv)."""
    table = given.source.table("cells/libraries.tsv")
    if table is None or table["in_genes"].isna().all():
        return None
    odd = table[table["in_genes"] < 100 * FEWEST_IN_GENES]
    return {"libraries": listed(odd["sample"]), "limit": f"{FEWEST_IN_GENES:.0%}"} if len(odd) else {}


def check_species(given: Given) -> Warned:
    """Return the genes that are distrusted, since reads are given to the wrong species (counts/other_species.tsv)."""
    table = given.source.table("counts/other_species.tsv")
    if table is None or not len(table) or "distrusted" not in table:
        return None
    pairs = table[table["distrusted"] == "yes"]
    genes = list(dict.fromkeys(pairs["symbol"].where(pairs["species"] == "graft", pairs["other_symbol"])))
    if not genes:
        return {}
    rest = [f"{len(genes) - SHOWN} more"] if len(genes) > SHOWN else []
    return {"genes": listed([*genes[:SHOWN], *rest]), "number": count(len(genes), "gene")}


def check_depth(given: Given) -> Warned:
    """Return how many changes depth explains, if depth differs between the timepoints."""
    switches = given.source.table("switches/switches.tsv")
    if given.design is None or pd.isna(given.design.get("depth_log2")) or switches is None or not len(switches):
        return None
    measured = switches[switches["depth_share"].notna()]
    if not len(measured):
        return {}
    number = int((measured["verdict"] == DEPTH.name).sum())
    ratio = f"{given.design['depth_log2']:+.2f}".replace("-", "−")
    return {"ratio": ratio, "number": f"{number:,}", "of": count(len(measured), given.source.one)}


def check_platforms(given: Given) -> Warned:
    """Return the platforms if there are several, and how many switches differ between them."""
    if given.design is None:
        return None
    rows = [row for row in (given.activity, given.expression) if row is not None]
    names = [row["platform"] for row in rows if pd.notna(row.get("platform")) and row["platform"]]
    if not names:
        return {}
    switches = given.source.table("switches/switches.tsv")
    if switches is None or switches["platform_fdr"].isna().all():
        return {"platforms": names[0]}
    tested = switches["platform_fdr"].dropna()
    number = int((tested <= given.places["fdr"]).sum())
    of = count(len(tested), given.source.one)
    return {"sentence": "tested", "platforms": names[0], "number": f"{number:,}", "of": of}


def check_confounders(given: Given) -> Warned:
    """Return the confounders that nothing could be adjusted for in any way (confounders/confounders.tsv)."""
    table = given.source.table("confounders/confounders.tsv")
    if table is None or not len(table):
        return None
    own = table[table["what"] == SIGNATURE]
    measured = own.groupby("confounder", sort=False)["effect_after"].count()
    unclear = list(measured.index[measured == 0])
    return {"unclear": listed(unclear)} if unclear else {}


CHECKS: dict[str, Callable[[Given], Warned]] = {
    "models": check_models,
    "treatments": check_treatments,
    "losses": check_losses,
    "steps": check_steps,
    "reads": check_reads,
    "species": check_species,
    "depth": check_depth,
    "platforms": check_platforms,
    "confounders": check_confounders,
}
"""By name, in the order in which a reader sees them."""
