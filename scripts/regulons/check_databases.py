"""Check ranking databases, motif table and factor list against each other, the annotation and the config's
thresholds.
"""

import json
from pathlib import Path

import pandas as pd

from scripts.base import job
from scripts.regulons import databases

MIN_ANNOTATED = 0.5
"""Share of a database's genes that the annotation must have; releases differ by 5 to 15 %, species by nearly all."""
CODING = "protein_coding"
"""Biotype of protein-coding genes (GENCODE, Ensembl, NCBI)."""


def check(
    names: list,
    annotated: pd.DataFrame,
    tfs: list[str],
    annotation: list[str] | None,
    settings: dict,
    coding: list[str] | None = None,
) -> dict:
    """Return the contents of the databases; raise UserError for input with which the pipeline would fail.

    ``names``: a :class:`databases.Names` per database; ``annotated``: motif, tf; ``annotation``: gene symbols of the
    graft; ``coding``: the protein-coding ones among them, None if the annotation does not give gene types.
    """
    known = set().union(*(entry.genes for entry in names))
    for entry in names:
        databases.check_ranks(entry, settings["rank_threshold"], settings["auc_threshold"])
        if len(set(entry.genes)) < len(entry.genes):
            raise job.UserError(f"database {entry.name}: a gene occurs in two columns; fetch or build it again")
        share = len(set(entry.genes) & known) / len(known)
        if share < databases.WARN_OVERLAP:
            job.log.warning("database %s ranks %.0f %% of the genes that all databases rank", entry.name, 100 * share)
    motifs = frozenset().union(*(entry.motifs for entry in names))
    usable = annotated[annotated["motif"].isin(motifs)]
    if usable.empty:
        a, b = sorted(motifs)[:3], annotated["motif"].head(3).tolist()
        raise job.UserError(
            f"config, regulons.motif_annotations: none of its motifs ({', '.join(b)} …) is in the databases "
            f"({', '.join(a)} …); give the table of the databases' own release"
        )
    with_motif = sorted(set(usable["tf"]) & set(tfs))
    if not with_motif:
        raise job.UserError(
            f"config, regulons.tfs: no factor ({', '.join(tfs[:3])} …) has a motif in the databases; check "
            f"that species and naming agree"
        )
    job.log.info("%d of %d factors have a motif in the databases", len(with_motif), len(tfs))
    if annotation is not None:
        share = len(known & set(annotation)) / len(known)
        if share < MIN_ANNOTATED:
            raise job.UserError(
                f"config, regulons.databases: the annotation (references.graft.gtf) has {share:.0%} of the databases' "
                f"genes ({', '.join(sorted(known - set(annotation))[: databases.EXAMPLES])} … are missing); check "
                "that the species is the same"
            )
        job.log.info("the annotation has %.1f %% of the databases' genes", 100 * share)
    return {
        "genes": sorted(known),
        "coding": coding,
        "tfs": tfs,
        "tfs_with_motif": with_motif,
        "databases": [{"name": e.name, "genes": len(e.genes), "motifs": len(e.motifs)} for e in names],
    }


def main(snakemake) -> None:
    """Read the names in every file; write the contents."""
    genes = coding = None
    if snakemake.input.get("genes"):
        table = pd.read_csv(snakemake.input.genes, sep="\t")
        graft = table[table["species"] == "graft"]
        genes = graft["symbol"].astype(str).tolist()
        if "biotype" in graft and (graft["biotype"] == CODING).any():
            coding = graft.loc[graft["biotype"] == CODING, "symbol"].astype(str).tolist()
    if not snakemake.input.get("databases"):
        raise job.UserError("config, regulons.databases: no ranking database; regulons can't be inferred without one")
    found = check(
        [databases.read_names(path) for path in snakemake.input.databases],
        databases.read_annotated(snakemake.input.motifs, snakemake.params.settings),
        databases.read_tfs(snakemake.input.tfs),
        genes,
        snakemake.params.settings,
        coding,
    )
    Path(snakemake.output[0]).write_text(json.dumps(found) + "\n")


if __name__ == "__main__":
    job.run(main, snakemake)
