"""Agreement of gene names between annotation, databases, motif table, factors, networks and gene sets."""

from __future__ import annotations

import re
import zlib
from itertools import islice
from pathlib import Path

from scripts.base import job
from scripts.base.files import open_bytes
from scripts.base.names import check_shared
from scripts.profiles.networks import read_network, read_sets
from scripts.regulons import databases as names_of
from scripts.regulons.check_databases import check as check_databases
from scripts.study.files import missing_entry
from scripts.study.study import Study

FIRST_LINES = 200_000
"""Lines of an annotation that are examined: its beginning, read in under a second."""
MIN_KNOWN = 0.05
"""Share of the annotation's first genes that the databases must rank. Of the right species it is a third or more (other
genes than coding ones have no rank), of another one nearly none.
"""
GENE_NAME, GENE_ID = (re.compile(rb'\t.*\b%s "([^"]+)"' % name) for name in (b"gene_name", b"gene_id"))


def first_genes(path: str) -> list[str]:
    """Return the names of the genes in the first lines of an annotation; the identifier for genes without a name."""
    names: dict[str, None] = {}
    try:
        with open_bytes(path) as handle:
            for line in islice(handle, FIRST_LINES):
                if match := GENE_NAME.search(line) or GENE_ID.search(line):
                    names[match[1].decode()] = None
    except (OSError, EOFError, zlib.error) as error:
        raise job.UserError(f"{path}: can't be read ({error}); fetch it again") from error
    return list(names)


def compare_names(study: Study) -> str:
    """Return a text on names shared by databases, motif table, factors and annotation; raise UserError if too few."""
    regulons = study.config["regulons"]
    found = check_databases(
        [names_of.read_names(entry["path"]) for entry in regulons["databases"]],
        names_of.read_annotated(regulons["motif_annotations"]["path"], regulons),
        names_of.read_tfs(regulons["tfs"]["path"]),
        None,
        regulons,
    )
    said = f"{len(found['tfs_with_motif'])} of {len(found['tfs'])} factors have a motif"
    references = study.config["references"] or {}
    if not study.sequenced or references.get("joined"):
        return said
    genes = first_genes(references["graft"]["gtf"])
    if not genes:
        raise job.UserError(f"{references['graft']['gtf']}: no gene_id in its first lines; give a GTF")
    known = set(found["genes"])
    share = sum(gene in known for gene in genes) / max(len(genes), 1)
    if share < MIN_KNOWN:
        raise job.UserError(
            f"{references['graft']['gtf']}: of its first {len(genes)} genes ({', '.join(genes[:3])} …) the databases "
            f"rank {share:.0%}; check that species and naming (symbols) agree"
        )
    return f"{said}; {share:.0%} of the annotation's first {len(genes)} genes are ranked"


def known_genes(study: Study) -> tuple[list[str], str]:
    """Return genes known before counting, and their source: the first genes of the annotation, otherwise the genes
    ranked by a database. Empty if both are missing.
    """
    references = study.config["references"] or {}
    if study.sequenced and not references.get("joined") and Path(references["graft"]["gtf"]).exists():
        return first_genes(references["graft"]["gtf"]), "the annotation"
    for entry in study.config["regulons"]["databases"]:
        if entry.get("path") and Path(entry["path"]).exists():
            return list(names_of.read_names(entry["path"]).genes), "the ranking database"
    return [], ""


def compare_list(study: Study, entry: dict) -> str:
    """Return the contents of a network, gene set or signature; raise UserError if its genes match no other input."""
    if missing := missing_entry(study.config, entry):
        raise job.UserError(missing)
    path = entry["path"]
    if entry == study.config["activity"]["network"]:
        edges = read_network(path)
        genes, what = set(edges["target"]), f"{edges['source'].nunique()} factors, {len(edges)} edges"
    else:
        sets = read_sets(path)
        genes, what = set().union(*sets.values()), f"{len(sets)} sets"
    known, there = known_genes(study)
    if not known:
        return what
    return f"{what}; {check_shared(genes, known, path, there):.0%} of the genes are known to {there}"
