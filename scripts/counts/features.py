"""Check an imported matrix and detect its species: the requirements of a count matrix, and names that reveal a
transposed one.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter

import numpy as np
import pandas as pd
from scipy import sparse

from scripts.base import job
from scripts.base.names import are_numbers, refuse_transcripts
from scripts.counts.kinds import without_summaries
from scripts.counts.table import Table
from scripts.counts.text_layout import BARCODE
from scripts.references.join_genomes import MITOCHONDRIAL_SYMBOL, species_of

ENSEMBL = re.compile(r"(?:^|_)(ENS[A-Z]{0,4}G)\d{11}")
ENSEMBL_OF = {"human": "ENSG", "mouse": "ENSMUSG", "rat": "ENSRNOG"}
"""Prefix of Ensembl's ids, by species."""
SAME_SYMBOL = 0.1
"""Minimum share of symbols that differ from another one only in case (human ACTB and mouse Actb) that shows two
species. Within one species there are almost none."""
GENOME = re.compile(r"^(hg\d+|GRCh\d+|mm\d+|GRCm\d+|human|mouse|Hsap|Mmus)[_.:-]+", re.IGNORECASE)
SEPARATORS = "_-.:"
"""Separators between prefix and gene; those of Seurat and R differ from Cell Ranger's."""
SPREADSHEET_DATE = re.compile(r"^\d{1,2}-(Mar|Sep|Sept|Oct|Dec)$", re.IGNORECASE)
WELL_KNOWN = frozenset([
    "ACTB", "GAPDH", "MALAT1", "B2M", "EEF1A1", "TMSB4X", "RPLP0", "RPS6",
    "RPL13", "FTH1", "VIM", "MT-CO1", "MT-ND4", "HSP90AB1", "TPT1", "UBC",
])  # fmt: skip
"""Genes in every library, in upper case. If two of them are among the barcodes, the table is transposed."""
LARGEST = np.iinfo(np.int32).max
ENOUGH = 1_000
"""Number of values of which some are above 1 in any matrix of counts."""


def check_values(matrix: sparse.csr_matrix, barcodes: list[str], genes: list[str], path: str) -> sparse.csr_matrix:
    """Return the matrix as int32. Raises :class:`job.UserError` with gene and barcode of the first value that isn't a
    count.
    """
    values = matrix.data
    for wrong, what in (
        (~np.isfinite(values), "is not a finite number; give raw UMI counts, 0 where none was counted"),
        (values < 0, "is negative; give raw UMI counts, not normalised or scaled values"),
        (values != np.round(values), "is not a whole number; give raw UMI counts, not normalised values"),
        (values > LARGEST, "is too large for a count; give raw UMI counts"),
    ):
        if wrong.any():
            at = int(np.argmax(wrong))
            row = int(np.searchsorted(matrix.indptr, at, side="right")) - 1
            raise job.UserError(
                f"{path}, gene {genes[matrix.indices[at]]}, barcode {barcodes[row]}: {values[at]:g} {what}"
            )
    return matrix.astype(np.int32)


def duplicates(names: list[str]) -> list[str]:
    """Return the names that occur more than once, in the order of their first occurrence."""
    return [name for name, times in Counter(names).items() if times > 1]


def bare(name: str) -> str:
    """Return a gene's name in upper case without a genome's prefix."""
    return GENOME.sub("", name).upper()


def looks_turned(barcodes: list[str], genes: list[str]) -> bool:
    """Return whether barcodes and genes are exchanged: Ensembl ids or well-known symbols are among the barcodes, or
    barcodes among the genes.
    """
    known_in_columns = sum(bare(name) in WELL_KNOWN for name in barcodes)
    known_in_rows = sum(bare(name) in WELL_KNOWN for name in genes)
    if known_in_columns >= 2 and known_in_columns > known_in_rows:
        return True

    def fraction(names: list[str], pattern: re.Pattern[str]) -> float:
        return sum(bool(pattern.search(name)) for name in names) / max(len(names), 1)

    if fraction(barcodes, ENSEMBL) > 0.5:
        return True
    return fraction(genes, BARCODE) > 0.5 and fraction(barcodes, BARCODE) < 0.5


def check(table: Table, path: str) -> Table:
    """Return the table with int32 counts, without rows that aren't genes. Raises :class:`job.UserError` if it is empty
    or transposed, has duplicate or missing names, or values that aren't counts.
    """
    table = without_summaries(table, path)
    names = table.symbols or table.ids
    if not table.barcodes or not table.ids or table.matrix.nnz == 0:
        raise job.UserError(
            f"{path}: {len(table.barcodes)} barcodes × {len(table.ids)} genes and no count; fetch the file again"
        )
    if looks_turned(table.barcodes, names):
        where = "obs" if table.genes_are == "var" else "columns"
        raise job.UserError(
            f"{path}: the {where} have names of genes (e.g. {', '.join(table.barcodes[:3])}); genes "
            f"belong in the {table.genes_are}, "
            "transpose the matrix"
        )
    for what, given in (("barcode", table.barcodes), ("gene", table.ids)):
        if "" in given:
            raise job.UserError(f"{path}: {what} {given.index('') + 1} has no name; name it or remove it")
    if are_numbers(table.ids) and (table.symbols is None or are_numbers(table.symbols)):
        raise job.UserError(
            f"{path}: genes are named by numbers ({', '.join(table.ids[:3])}); give symbols or Ensembl ids"
        )
    refuse_transcripts(names, path)
    if twice := duplicates(table.barcodes):
        raise job.UserError(
            f"{path}: {len(twice)} barcodes occur more than once ({', '.join(twice[:3])}); each barcode must be one "
            f"column"
        )
    if twice := duplicates(table.ids):
        raise job.UserError(
            f"{path}: {len(twice)} genes occur more than once ({', '.join(twice[:3])}); give gene ids in "
            "addition to symbols, or sum the rows of each symbol"
        )
    matrix = check_values(table.matrix, table.barcodes, table.ids, path)
    if matrix.nnz >= ENOUGH and matrix.data.max() <= 1:
        raise job.UserError(
            f"{path}: all {matrix.nnz} values are 1: presence or absence, not counts; give raw UMI counts"
        )
    return Table(matrix, table.barcodes, table.ids, table.symbols, table.format, table.genes_are)


def check_one_species(ids: list[str], names: list[str], species: dict[str, str], path: str, remedy: str) -> None:
    """Raise :class:`job.UserError` if genes without prefixes are of two species, or all of the host's.

    ``species`` maps graft and host to their names in the config. Species are detected by Ensembl's ids. Two species are
    also detected by symbols, if many occur both in upper case and in lower case.
    """
    first: dict[str, str] = {}
    for name in itertools.chain(ids, names):
        if match := ENSEMBL.search(name):
            first.setdefault(match.group(1), name)
    distinct = set(names)
    twice = [name for name in names if name != name.upper() and name.upper() in distinct]
    examples = list(first.values()) if len(first) > 1 else [twice[0].upper(), twice[0]] if twice else []
    if len(first) > 1 or len(twice) > SAME_SYMBOL * len(names):
        raise job.UserError(f"{path}: genes of two species without prefixes (e.g. {', '.join(examples)}); {remedy}")
    graft, host = (species.get(name, "").lower() for name in ("graft", "host"))
    if graft != host and graft in ENSEMBL_OF and list(first) == [ENSEMBL_OF.get(host)]:
        raise job.UserError(
            f"{path}: genes without prefixes are the host's ({host}, e.g. {first[ENSEMBL_OF[host]]}), but the graft is "
            f"{graft}; {remedy}"
        )


def prefixes_written(pairs: list[tuple[str, str]], known: dict[str, str]) -> dict[str, str]:
    """Return the prefixes in the names (pairs of id and symbol): the config's, or with another separator.

    Seurat writes GRCh38-FOSL1 for GRCh38_FOSL1. Another separator is accepted only if all names have a prefix with it.
    """
    for mark in SEPARATORS:
        own = {species: prefix.rstrip(SEPARATORS) + mark for species, prefix in known.items()}
        if not all(prefix[-1] in SEPARATORS for prefix in known.values()):
            return known
        if all(species_of(gene_id, own) or species_of(name, own) for gene_id, name in pairs):
            return own
    return known


def refuse_unprefixed(names: list[str], without: list[str], known: dict[str, str], path: str) -> None:
    """Raise :class:`job.UserError` if the prefixes differ from the config's, or only some names have one."""
    strange = Counter(match.group(0) for name in without if (match := GENOME.match(name)))
    if sum(strange.values()) > len(without) / 2:
        raise job.UserError(
            f"{path}: genes have the prefixes {', '.join(sorted(strange))}, the config knows "
            f"{', '.join(known.values()) or 'none'}; "
            "correct references/graft/prefix and references/host/prefix"
        )
    if len(without) < len(names):
        raise job.UserError(
            f"{path}: {len(without)} of {len(names)} genes have no species prefix (e.g. {', '.join(without[:3])}); "
            f"give all of them a prefix ({', '.join(known.values())}) or none"
        )


def tabulate(
    table: Table,
    prefixes: dict[str, str],
    path: str,
    organisms: dict[str, str] | None = None,
    *,
    graft_only: bool = False,
) -> pd.DataFrame:
    """Return the genes, indexed by the given id: symbol (no prefix), species, mitochondrial (0/1).

    ``prefixes`` maps graft and host to their prefix, and ``organisms`` to their organism (human, mouse) if known.
    ``graft_only``: according to the samples sheet, the matrix has no genes of the host. Raises :class:`job.UserError`
    if only some names have a prefix, if prefixes aren't in the config, if the config has a host but the matrix has no
    genes of it, or if the config has no host and some genes can't be of the graft.
    """
    names = table.symbols or table.ids
    known = {species: prefix for species, prefix in prefixes.items() if prefix}
    pairs = list(zip(table.ids, names, strict=True))
    if known and not all(species_of(gene_id, known) or species_of(name, known) for gene_id, name in pairs):
        known = prefixes_written(pairs, known)
    species = [species_of(gene_id, known) or species_of(name, known) for gene_id, name in pairs]
    without = [name for name, one in zip(names, species, strict=True) if one is None]
    if without:
        refuse_unprefixed(names, without, known, path)
        remedy = f"prefix all genes ({', '.join(known.values()) or 'as references/*/prefix says'}) or keep the graft's"
        check_one_species(table.ids, names, organisms or {}, path, remedy)
        species = ["graft"] * len(names)
    if "host" in known and "host" not in species and not graft_only:
        raise job.UserError(
            f"{path}: no gene is of the host ({known['host']}…, config references.host; genes are named "
            f"{', '.join(names[:3])}); give the matrix of both species, or write graft in column species of the "
            "samples sheet if it holds the graft's genes alone"
        )
    if "host" in known and "host" not in species:
        job.log.warning("%s: no gene is of the host, all are taken for the graft's", path)
    symbols = [
        name.removeprefix(known[one]).lstrip(SEPARATORS) if one in known and name.startswith(known[one]) else name
        for name, one in zip(names, species, strict=True)
    ]
    if sum(bool(ENSEMBL.search(name)) for name in symbols) > len(symbols) / 2:
        job.log.warning(
            "%s: genes are named by Ensembl ids; mitochondrial genes and regulon targets are found by symbol only", path
        )
    if mangled := [name for name in symbols if SPREADSHEET_DATE.match(name)]:
        job.log.warning("%s: %d symbols became dates in a spreadsheet (e.g. %s)", path, len(mangled), mangled[0])
    mitochondrial = [int(bool(MITOCHONDRIAL_SYMBOL.match(symbol))) for symbol in symbols]
    return pd.DataFrame(
        {"symbol": symbols, "species": species, "mitochondrial": mitochondrial},
        index=pd.Index(table.ids, name="gene_id"),
    )
