"""Read networks, gene sets and published signatures in the forms they are shared in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from scripts.base import job
from scripts.base.files import bare_name
from scripts.base.names import check_names, clean, read_list, read_rows, read_text
from scripts.profiles.genes import looks_spoilt
from scripts.profiles.tables import read_columns

COLUMNS = {
    "source": ("source_genesymbol", "source", "tf", "regulator"),
    "target": ("target_genesymbol", "target", "gene", "genesymbol"),
    "weight": ("weight", "mor", "mode", "sign", "importance"),
}
"""Names that a network's columns have, the best first; ``mor`` is decoupler's mode of regulation. OmniPath writes
UniProt identifiers as source and target, and symbols in further columns.
"""
SIGNS = ("is_stimulation", "is_inhibition")
"""OmniPath's columns of 0 and 1 where there is no weight."""
TRUE = ("1", "true", "t", "yes")
SIDES = {"up": "_up", "down": "_down", "dn": "_down", "1": "_up", "-1": "_down", "+": "_up", "-": "_down"}
"""What a column direction adds to the name of a set."""
GENE_HEADINGS = ("gene", "genes", "gene_symbol", "human_gene_symbol", "symbol", "gene_name", "target", "genesymbol")
"""What the column of genes in a table of sets is called, in lower case, the best first."""
LIST_HEADINGS = (*GENE_HEADINGS, "id", "ensembl", "ensembl_id", "hgnc_symbol")


NETWORK = "a table with source, target and mor (sign or weight)"
SETS = "a .gmt, a table of sets and genes, or a list of genes"


def read_network(path: str) -> pd.DataFrame:
    """Return source, target and weight (signed; 1 where there is none), one row per edge.

    Edges named twice are averaged; those whose signs cancel out are left out.
    """
    table = read_columns(read_text(path, NETWORK), path, NETWORK)
    lower = {name.lower(): name for name in table.columns}
    found = {key: next((lower[name] for name in names if name in lower), None) for key, names in COLUMNS.items()}
    for key in ("source", "target"):
        if found[key] is None:
            raise job.UserError(f"{path}: no column {key!r}; give {NETWORK}")
    edges = pd.DataFrame({key: table[found[key]].map(clean) for key in ("source", "target")})
    if found["weight"]:
        weight = pd.to_numeric(table[found["weight"]], errors="coerce").replace([np.inf, -np.inf], np.nan)
    else:
        weight = signs_of(table, lower)
    wrong = np.flatnonzero(weight.isna())
    if len(wrong):
        said = table[found["weight"]].iloc[wrong[0]]
        raise job.UserError(
            f"{path}, row {wrong[0] + 2}, column {found['weight']}: {said!r} is not a number; give one, or remove the "
            "edge"
        )
    for key in ("source", "target"):
        if (empty := np.flatnonzero(edges[key] == "")).size:
            raise job.UserError(f"{path}, row {empty[0] + 2}: column {key} is empty; fill it in, or remove the edge")
        check_names(list(edges[key]), path, key)
    edges = edges.assign(weight=weight.astype(float))
    if edges.empty:
        raise job.UserError(f"{path}: no edge below the header; give {NETWORK}")
    edges = edges.groupby(["source", "target"], sort=True, as_index=False)["weight"].mean()
    edges = edges[edges["weight"] != 0].reset_index(drop=True)
    if edges.empty:
        raise job.UserError(f"{path}: all weights are 0, or those of an edge that occurs twice cancel; give {NETWORK}")
    return edges


def signs_of(table: pd.DataFrame, lower: dict[str, str]) -> pd.Series:
    """Return an edge's sign where there is no weight: of OmniPath's columns −1 for what only inhibits, else 1."""
    if not all(name in lower for name in SIGNS):
        return pd.Series(1.0, table.index)
    stimulates, inhibits = (table[lower[name]].map(clean).str.lower().isin(TRUE) for name in SIGNS)
    return pd.Series(np.where(inhibits & ~stimulates, -1.0, 1.0), table.index)


def read_sets(path: str) -> dict[str, list[str]]:
    """Return genes by set: of a .gmt file, of a table (set, gene), or of a list with one gene a line (set: its file).

    Names that a spreadsheet has converted are left out and named in the log.
    """
    rows = [row for row in read_rows(path, SETS) if not row[1][0].startswith("#")]
    if not rows:
        raise job.UserError(f"{path}: the file is empty; give {SETS}")
    found: dict[str, list[str]] = {}
    header = [name.lower() for name in rows[0][1]]
    has_header = len(header) > 1 and any(name in header for name in GENE_HEADINGS)
    if ".gmt" in Path(path).suffixes or (not has_header and all(len(fields) > 3 for _, fields in rows)):
        for number, fields in rows:
            if len(fields) < 3:
                raise job.UserError(
                    f"{path}, row {number}: {len(fields)} columns; a row of a .gmt is a set's name, a description and "
                    "its genes, separated by tabs; correct it"
                )
            if set(found.get(fields[0], fields[2:])) != set(fields[2:]):
                raise job.UserError(
                    f"{path}, row {number}: the set {fields[0]} occurs twice, with different genes; give each "
                    "its own name"
                )
            found[fields[0]] = fields[2:]
    elif max(len(fields) for _, fields in rows) > 1:
        gene = gene_column(rows, path)
        direction = header.index("direction") if "direction" in header else None
        for number, fields in rows[1:]:
            if len(fields) <= gene:
                raise job.UserError(f"{path}, row {number}: no gene after {fields[0]!r}; add it, or remove the row")
            name, side = fields[0] if gene else fields[1], ""
            if direction is not None:
                side = SIDES.get(fields[direction].lower() if direction < len(fields) else "", "")
                if not side:
                    raise job.UserError(f"{path}, row {number}, column direction: give up or down")
            found.setdefault(f"{name}{side}", []).append(fields[gene])
    else:
        found[bare_name(path)] = read_list(path, SETS, LIST_HEADINGS)
    kept = {}
    for name, own in found.items():
        if not name:
            raise job.UserError(f"{path}: a row has no name of a set; fill it in, or remove the row")
        genes = [gene for gene in own if gene]
        check_names([name, *genes, *genes], path, "name")
        spoilt = [gene for gene in genes if looks_spoilt(gene)]
        if spoilt:
            job.log.warning("%s, %s: %d names are dates or numbers, left out (%s)", path, name, len(spoilt), spoilt[0])
        kept[name] = list(dict.fromkeys(gene for gene in genes if not looks_spoilt(gene)))
    if not any(kept.values()):
        raise job.UserError(f"{path}: no gene in any set; give {SETS}")
    return kept


def gene_column(rows: list[tuple[int, list[str]]], path: str) -> int:
    """Return which column of a table of sets holds the genes. Raises :class:`job.UserError` without a header."""
    number, header = rows[0]
    names = [name.lower() for name in header]
    column = next((names.index(name) for name in GENE_HEADINGS if name in names), None)
    if column is None:
        raise job.UserError(
            f"{path}, row {number}: {len(header)} columns and none is called gene ({', '.join(header[:3])}); give a "
            "header with set and gene, or a list of genes alone"
        )
    return column


def set_table(sets: dict[str, list[str]]) -> pd.DataFrame:
    """Return sets as rows of source and target, as decoupler takes them."""
    rows = [(name, gene) for name, genes in sets.items() for gene in genes]
    return pd.DataFrame(rows, columns=["source", "target"]).drop_duplicates()
