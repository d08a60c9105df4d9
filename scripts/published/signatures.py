"""Published signatures: lists of genes that rise and fall, of this repository and of the user."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping

import pandas as pd

from scripts.base import job, names
from scripts.base.tables import read_labelled
from scripts.profiles.networks import read_sets

SIDE = re.compile(r"^(?P<name>.+)[ _.-](?P<side>up|down|dn)$", re.IGNORECASE)
"""Name of a list that is one direction of a signature."""
COLUMNS = ["signature", "paper", "cancer", "drug"]


def pair(sets: Mapping[str, list[str]]) -> dict[str, pd.Series]:
    """Return direction (±1) by gene of each signature.

    Lists whose names differ by ``_up`` and ``_down`` (or ``_dn``) at the end are one signature. A list without such an
    ending is of genes that rise. A gene in both directions of a signature has none, and is left out.
    """
    found: dict[str, dict[str, set[float]]] = {}
    for name, genes in sets.items():
        match = SIDE.match(name)
        sign = -1.0 if match and match["side"].lower() != "up" else 1.0
        own = found.setdefault(match["name"] if match else name, {})
        for gene in genes:
            own.setdefault(gene, set()).add(sign)
    return {
        name: pd.Series({gene: next(iter(signs)) for gene, signs in own.items() if len(signs) == 1}, dtype=float)
        for name, own in found.items()
    }


def read_signatures(shipped: Iterable[str], given: Iterable[str]) -> tuple[dict[str, pd.Series], pd.DataFrame]:
    """Return direction by gene of each signature, and where each comes from (:data:`COLUMNS`, by signature).

    Parameters
    ----------
    shipped
        The lists of this repository and the table of their sources; nothing if they are not wanted.
    given
        Files of the user, as :func:`scripts.profiles.networks.read_sets` reads them. Raises :class:`job.UserError` if
        two files have a signature of the same name.
    """
    shipped = list(shipped)
    signatures = pair(read_sets(shipped[0])) if shipped else {}
    told = read_labelled(shipped[1])[COLUMNS] if shipped else pd.DataFrame(columns=COLUMNS)
    own = []
    for path in given:
        for name, signs in pair(read_sets(path)).items():
            if name in signatures:
                raise job.UserError(f"{path}: another file has a signature {name!r} too; rename one")
            signatures[name] = signs
            own.append({"signature": name, "paper": "list of the config", "cancer": "", "drug": ""})
    return signatures, pd.concat([told, pd.DataFrame(own, columns=COLUMNS)], ignore_index=True).set_index("signature")


def read_ranking(path: str) -> pd.Series:
    """Return the score of each factor in a published ranking of regulators.

    The table has columns ``tf`` and ``score``: a number that is higher for a factor that is more active in persisters.
    Raises :class:`job.UserError` if a column is missing or a score is no number.
    """
    rows = names.read_rows(path, "a tab-separated table with tf and score")
    header = [field.lower() for field in rows[0][1]] if rows else []
    for column in ("tf", "score"):
        if column not in header:
            raise job.UserError(f"{path}: no column {column!r}; give a tab-separated table with tf and score")
    scores: dict[str, float] = {}
    for number, row in names.read_records(path, rows, header):
        tf, place = row["tf"], f"{path}, row {number}"
        if not tf:
            raise job.UserError(f"{place}, column tf: is empty; name the factor, or remove the row")
        if tf in scores:
            raise job.UserError(f"{place}, column tf: {tf!r} is given twice; keep one row")
        scores[tf] = float(pd.to_numeric(row["score"], errors="coerce"))
        if not math.isfinite(scores[tf]):
            raise job.UserError(
                f"{place}, column score: {row['score']!r} is not a finite number; give one, or remove the row"
            )
    if not scores:
        raise job.UserError(f"{path}: no row names a factor; give a tab-separated table with tf and score")
    return pd.Series(scores, dtype=float)
