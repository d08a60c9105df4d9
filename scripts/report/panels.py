"""Marker panels in the findings: genes, how well they separate patients left out, and what their assay would show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from scripts.figure import words
from scripts.figure.style import count, listed
from scripts.markers.terms import NESTED
from scripts.report.source import Source
from scripts.report.text import of_p

GENES = 5
"""Genes of a panel that are named."""
PANELS, ASSAYS, VALUES = (f"markers/markers_{name}.tsv" for name in ("panels", "assays", "values"))


def tell_assay(pool: str, source: Source, said: Mapping[str, str], places: Mapping[str, Any]) -> str:
    """Return the assay of a pool's panel, its positive cells in both states, and what a result predicts at the middle
    one of the prevalences; empty where it was not measured (markers/markers_assays.tsv, markers/markers_values.tsv).
    """
    assays, predicted = source.table(ASSAYS), source.table(VALUES)
    own = pd.DataFrame() if assays is None else assays[assays["pool"] == pool]
    if not len(own):
        return ""
    row = own.iloc[0]
    names = [f"positive_{state}{end}" for state in ("untreated", "persister") for end in ("", "_low", "_high")]
    values = {**places, "assay": row["assay"], "unit": row["unit"], "n": int(row["n_models"])}
    sentences = [words.fill(said["assay"], values | {name: f"{row[name]:.0%}" for name in names})]
    at = pd.DataFrame() if predicted is None else predicted[predicted["pool"] == pool].sort_values("prevalence")
    if len(at):
        middle = at.iloc[(len(at) - 1) // 2]
        names = [f"{kind}_predictive_value{end}" for kind in ("positive", "negative") for end in ("", "_low")]
        if middle[names].notna().all():
            values |= {name: f"{middle[name]:.0%}" for name in names}
            values["prevalence"] = f"{100 * middle['prevalence']:.2g}%"
            sentences.append(words.fill(said["predicts"], values))
    return "".join(sentences)


def tell_panels(source: Source, said: Mapping[str, str], places: Mapping[str, Any]) -> list[str]:
    """Return the marker panel of each pool of genes with its assay, or why there is none (markers_panels.tsv).

    What is said of an assay is said once, though several pools have the same panel.
    """
    panels = source.table(PANELS)
    if panels is None:
        return [words.fill(said["not_asked"], places).strip()]
    chosen = panels[(panels["size"].astype(str) == NESTED) & panels["auc"].notna()]
    told, first = [], {}
    for row in chosen.to_dict("records"):
        genes = str(row["genes"]).split(",")
        many = {"first": ", ".join(genes[:GENES]), "rest": len(genes) - GENES}
        values = {
            "pool": row["pool"][0].upper() + row["pool"][1:],
            "genes": listed(genes) if len(genes) <= GENES else words.fill(said["many"], many),
            "size": count(len(genes), "gene"),
            "auc": f"{row['auc']:.2f}",
            "n": int(row["n_models"]),
            "p": "" if pd.isna(row["p"]) else words.fill(said["p"], {"p": of_p(row["p"])}),
        }
        assay = tell_assay(row["pool"], source, said, places)
        same = first.setdefault(assay, row["pool"])
        if assay and same != row["pool"]:
            assay = words.fill(said["same"], {"pool": same})
        told.append(words.fill(said["panel"], {**places, **values}) + assay + said["link"])
    if told:
        return told
    notes = list(dict.fromkeys(panels["note"].dropna())) or ["no panel could be judged"]
    return [words.fill(said["none"], {**places, "note": "; ".join(notes)}).strip()]
