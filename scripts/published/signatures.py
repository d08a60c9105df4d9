"""Published signatures: lists of genes that rise and fall, of this repository and of the user."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import pandas as pd

from scripts.base import job
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
    table = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)
    for column in ("tf", "score"):
        if column not in table:
            raise job.UserError(f"{path}: no column {column!r}; give a tab-separated table with tf and score")
    score = pd.to_numeric(table["score"], errors="coerce")
    if score.isna().any():
        row = int(score.isna().to_numpy().argmax())
        raise job.UserError(
            f"{path}, row {row + 2}, column score: {table['score'].iloc[row]!r} is not a number; give one, or remove "
            "the row"
        )
    if (repeated := table["tf"].duplicated()).any():
        row = int(repeated.to_numpy().argmax())
        raise job.UserError(f"{path}, row {row + 2}, column tf: {table['tf'].iloc[row]!r} is given twice; keep one row")
    return pd.Series(score.to_numpy(dtype=float), index=table["tf"])
