"""Write regulons and signatures as gene sets (GMT: name, description, genes), for enrichment tools."""

from pathlib import Path

import pandas as pd

from scripts.base import job
from scripts.base.tables import read_tsv


def line(name: str, description: str, genes: list[str]) -> str:
    """Return a line of a GMT file."""
    return "\t".join([name, description, *genes]) + "\n"


def regulons(edges: pd.DataFrame, note: str) -> str:
    """Return consensus regulons, with the strongest targets first."""
    lines = []
    for name, table in edges.groupby("regulon", sort=True):
        said = f"{len(table)} targets, found in up to {table['groups'].max()} groups"
        lines.append(line(name, said + (f"; {note}" if note else ""), table["target"].tolist()))
    return "".join(lines)


def signatures(table: pd.DataFrame, contrast: str) -> str:
    """Return the signature (columns gene, direction, rank) as a set of upregulated and one of downregulated genes."""
    lines = []
    for direction in ("up", "down"):
        genes = table[table["direction"] == direction].sort_values("rank")["gene"].astype(str).tolist()
        if genes:
            lines.append(line(f"persister_{direction}", f"{contrast}, best first", genes))
    return "".join(lines)


def scored(paths: list[str]) -> str:
    """Return the sets used to score cells (resources/genesets)."""
    lines = []
    for path in paths:
        for name, table in pd.read_csv(path, sep="\t").groupby("set", sort=True):
            lines.append(
                line(name, f"scored in every cell; resources/genesets/{Path(path).name}", table["gene"].tolist())
            )
    return "".join(lines)


def main(snakemake) -> None:
    """Read consensus, signature and gene sets; write both files. A file is empty if the study lacks its input."""
    given, params, output = snakemake.input, snakemake.params, snakemake.output
    found = regulons(read_tsv(given.regulons), params.note) if given.get("regulons") else ""
    if not found:
        job.log.warning("no regulons: %s is empty", output.regulons)
    Path(output.regulons).write_text(found)
    own = (
        signatures(read_tsv(given.signature), "{persister} − {baseline}".format(**params.contrast))
        if given.get("signature")
        else ""
    )
    Path(output.signatures).write_text(own + scored(list(given.genesets)))
    job.log.info("%d regulons, %d sets", found.count("\n"), own.count("\n"))


if __name__ == "__main__":
    job.run(main, snakemake)
