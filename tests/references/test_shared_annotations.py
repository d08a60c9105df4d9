"""The shared annotations that go wrong: names on the lines of genes alone, transcripts of several genes."""

from __future__ import annotations

import gzip
from pathlib import Path

import pandas as pd
import pytest

from scripts.base.job import UserError
from scripts.references import join_genomes

CASES = Path(__file__).parents[3] / "shared" / "cases" / "annotations"
needs_cases = pytest.mark.skipif(not CASES.is_dir(), reason=f"the shared cases are not there ({CASES})")


def genome_of(gtf, path):
    """Write contigs as long as an annotation needs; return the path."""
    ends: dict[str, int] = {}
    for line in gzip.decompress(gtf.read_bytes()).decode().splitlines():
        fields = line.split("\t")
        ends[fields[0]] = max(ends.get(fields[0], 0), int(fields[4]))
    path.write_text("".join(f">{name}\n{'A' * end}\n" for name, end in ends.items()))
    return path


def joined(folder, make_job, name):
    """Join a shared annotation with a genome of its size; return the table of genes."""
    gtf = CASES / name / "graft.gtf.gz"
    output = {"fasta": folder / "genome.fa", "gtf": folder / "annotation.gtf", "genes": folder / "genes.tsv"}
    given = {"graft_fasta": genome_of(gtf, folder / "h.fa"), "graft_gtf": gtf}
    join_genomes.main(make_job(input=given, output=output, params={"prefixes": {"graft": "H_"}, "biotypes": None}))
    return pd.read_csv(output["genes"], sep="\t")


@needs_cases
def test_the_shared_annotation_keeps_its_457_symbols(tmp_path, make_job):
    """All of them were lost."""
    genes = joined(tmp_path, make_job, "name_on_gene_line")
    assert len(genes) == 457 and not genes["symbol"].str.startswith("ENSG").any()
    assert genes["symbol"].iloc[:2].tolist() == ["FOSL1", "JUNB"]


@needs_cases
def test_the_shared_annotation_of_unassigned_transcripts_is_refused(tmp_path, make_job):
    """In one line."""
    with pytest.raises(UserError, match=r"graft\.gtf\.gz, line \d+: transcript \S+ is of genes"):
        joined(tmp_path, make_job, "unassigned")
