"""Sentences of the findings on growth: cycling cells, clusters that models have in common, and switches by cycle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from markupsafe import Markup

from scripts.base.tables import ALL_ARMS
from scripts.base.verdicts import MIN_MODELS
from scripts.figure import words
from scripts.figure.style import count, listed
from scripts.growth import terms
from scripts.growth.verdicts import GROWS, SHRINKS
from scripts.growth.verdicts import VERDICTS as BY_PHASE
from scripts.report.source import Source
from scripts.report.text import of_p, paragraph
from scripts.switches.verdicts import SHARED

CHANGES, BY_CYCLE = "growth/changes.tsv", "growth/switches_by_cycle.tsv"
COMMON, COMMON_CLUSTERS = "growth/common_changes.tsv", "growth/common_clusters.tsv"


def tell_growth(source: Source, said: Mapping[str, str], places: Mapping[str, Any]) -> list[Markup]:
    """Return how the share of cycling cells changes, and whether shared switches hold in cycling and in other cells.

    Nothing without single cells, and without a p-value over models.
    """
    changes, switches = source.table(CHANGES), source.table(BY_CYCLE)
    if changes is None or switches is None or not len(changes):
        return []
    rows = changes[(changes["headline"] == "yes") & (changes["arm"] == ALL_ARMS) & (changes["ratio"] == terms.MAIN)]
    if rows.empty or pd.isna(rows.iloc[0]["p"]):
        return []
    row = rows.iloc[0]
    values = {name: f"{row[f'share_{name}']:.0%}" for name in ("baseline", "treated")}
    values = {f"share_{name}": value for name, value in values.items()}
    values |= {name: f"{row[name]:+.2f}".replace("-", "−") for name in ("effect", "ci_low", "ci_high")}
    sentences = [words.fill(said["cycling"], {**places, **values, "p": of_p(row["p"]), "n": int(row["n"])})]
    sentences += tell_clusters(source, said, row["comparison"])
    given = switches.loc[switches["switch"] == SHARED.name, "verdict"].value_counts()
    if len(given):
        told = ", ".join(f"{one.name} ({given[one.name]})" for one in BY_PHASE if one.name in given)
        sentences.append(words.fill(said["switches"], {**places, "of": int(given.sum()), "verdicts": told}))
    return [paragraph(" ".join(map(str.strip, [*sentences, said["link"]])))]


def in_brackets(name: str) -> str:
    """Return a cluster's name with its genes in brackets."""
    number, _, genes = name.partition(": ")
    return f"{number} ({genes})" if genes else number


def tell_clusters(source: Source, said: Mapping[str, str], contrast: str) -> list[str]:
    """Return which clusters that models have in common grow or shrink; nothing where none is shown to."""
    changes, clusters = source.table(COMMON), source.table(COMMON_CLUSTERS)
    if changes is None or clusters is None:
        return []
    main = changes[(changes["contrast"] == contrast) & (changes["n_models"] >= MIN_MODELS)]
    names, told = terms.name_clusters(clusters), []
    for verdict in (GROWS, SHRINKS):
        own = main.loc[main["verdict"] == verdict.name, "cluster"].astype(str).map(names)
        if len(own):
            told.append(f"{verdict.name} {listed([in_brackets(name) for name in own])}")
    values = {"of": count(len(main), "cluster"), "clusters": "; ".join(told)}
    return [words.fill(said["clusters"], values)] if told else []
