"""A small reference with introns, reads of it whose molecules are known, and both counters run on them."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path

import anndata
import numpy as np
import pandas as pd

from scripts.counts import audit_bam, audit_bus, collect_counts, count_kb, count_starsolo
from scripts.reads import check_reads
from scripts.references import index_kb, index_star, join_genomes
from scripts.references.barcodes import distinct, pack
from scripts.study.resources import find_own_tools

LISTS = ["v2", "v3"]
COMPLEMENT = str.maketrans("ACGTacgt", "TGCAtgca")
NESTED = "g5"
"""Gene whose one exon lies in an intron of g4, on the same strand."""
RAW = ("matrix", "barcodes", "features", "info", "library")
PARAMS = {"chemistries": LISTS, "strand": "auto", "sample_reads": 100_000, "max_short_read1": 0.05}


def reverse(sequence: str) -> str:
    """Return the reverse complement."""
    return sequence[::-1].translate(COMPLEMENT)


class Spliced:
    """Two species' genomes of 6 and 1 genes of 3 exons, joined and indexed in ``folder``."""

    def __init__(self, folder: Path, seed: int = 5) -> None:
        find_own_tools()
        self.folder, self.rng = folder, random.Random(seed)
        self.exonic, self.intronic = {}, {}
        for species, prefix, genes in (("graft", "H_", ["g0", "g1", "g2", "g3", "g4", NESTED]), ("host", "M_", ["m0"])):
            self._write_genome(species, prefix, genes)
        self.whitelist = sorted({self.bases(16) for _ in range(2000)})
        np.save(folder / "v3.npy", distinct(pack(np.array(self.whitelist, dtype="S16"))[0]))
        np.save(folder / "v2.npy", distinct(pack(np.array(self.whitelist[:1000], dtype="S16"))[0]))

    def bases(self, number: int) -> str:
        """Return random bases."""
        return "".join(self.rng.choices("ACGT", k=number))

    def _write_genome(self, species: str, prefix: str, genes: list[str]) -> None:
        """Write a contig of genes, on both strands, 400 bp apart; exons of 300 bp, introns of 900."""
        contig, lines = self.bases(400), []
        for number, gene in enumerate(genes):
            if gene == NESTED:
                continue
            start = len(contig)
            contig += self.bases(3 * 300 + 2 * 900) + self.bases(400)
            strand = "+" if number % 2 == 0 else "-"
            spans = [(start + at, start + at + 300) for at in (0, 1200, 2400)]
            self._add(prefix + gene, contig, spans, strand, lines, gene)
            introns = [contig[a:b] for a, b in ((start + 300, start + 1200), (start + 1500, start + 2400))]
            if gene == "g4" and NESTED in genes:
                self._add(prefix + NESTED, contig, [(start + 600, start + 900)], strand, lines, NESTED)
                introns = introns[1:]
            self.intronic[prefix + gene] = introns if strand == "+" else [reverse(intron) for intron in introns]
        (self.folder / f"{species}.fa").write_text(f">c1\n{contig}\n")
        (self.folder / f"{species}.gtf").write_text("".join(lines))

    def _add(self, name: str, contig: str, spans: list, strand: str, lines: list[str], gene: str) -> None:
        """Add a gene's lines and its mature transcript."""
        transcript = "".join(contig[a:b] for a, b in spans)
        self.exonic[name] = transcript if strand == "+" else reverse(transcript)
        tags = f'gene_id "{gene}"; gene_name "{gene}"; gene_biotype "protein_coding";'
        more = f'{tags} transcript_id "{gene}t";'
        whole = f"{spans[0][0] + 1}\t{spans[-1][1]}\t.\t{strand}\t."
        lines.append(f"c1\tx\tgene\t{whole}\t{tags}\n")
        lines.append(f"c1\tx\ttranscript\t{whole}\t{more}\n")
        lines += [f"c1\tx\texon\t{a + 1}\t{b}\t.\t{strand}\t.\t{more}\n" for a, b in spans]

    def index(self, make_job) -> None:
        """Join the genomes; make both indices for kallisto. STAR's is made once that counts."""
        folder = self.folder
        output = {"fasta": folder / "genome.fa", "gtf": folder / "annotation.gtf", "genes": folder / "genes.tsv"}
        given = {f"{species}_{part}": folder / f"{species}.{end}" for species in ("graft", "host")
                 for part, end in (("fasta", "fa"), ("gtf", "gtf"))}  # fmt: skip
        prefixes = {"prefixes": {"graft": "H_", "host": "M_"}}
        join_genomes.main(make_job(input=given, output=output, params=prefixes))
        given = {"fasta": output["fasta"], "gtf": output["gtf"]}
        for introns in (False, True):
            made = {"index": folder / f"kb_{introns}.idx", "t2g": folder / f"t2g_{introns}.txt"}
            index_kb.main(make_job(input=given, output=made, params={"introns": introns}))

    def molecules(self, cells: int = 40, per_gene: int = 8) -> list[tuple[str, str, str, bool]]:
        """Return barcode, gene, cDNA (91 bp, along the gene) and whether it is of an intron, for each molecule."""
        made = []
        for barcode in self.whitelist[:cells]:
            for gene, transcript in self.exonic.items():
                sources = [(transcript, False)] * self.rng.randrange(1, per_gene)
                if introns := self.intronic.get(gene):
                    sources += [(self.rng.choice(introns), True) for _ in range(self.rng.randrange(0, per_gene // 2))]
                for source, of_intron in sources:
                    start = self.rng.randrange(0, len(source) - 91)
                    made.append((barcode, gene, source[start : start + 91], of_intron))
        return made

    def write_lanes(self, folder: Path, reads: list[tuple[str, str]], umi: int = 12) -> dict:
        """Write read 1 and read 2 as two lanes with their checks and chemistry; return what a counter is given."""
        folder.mkdir(exist_ok=True)
        given = {"checks": [], "fq1": [], "fq2": []}
        for lane in ("1", "2"):
            part = reads[int(lane) - 1 :: 2]
            for mate in (1, 2):
                path = folder / f"L{lane}_R{mate}.fq.gz"
                text = "".join(
                    f"@l{lane}r{i}\n{pair[mate - 1]}\n+\n{'F' * len(pair[mate - 1])}\n" for i, pair in enumerate(part)
                )
                path.write_bytes(gzip.compress(text.encode()))
                given[f"fq{mate}"].append(path)
            check = folder / f"L{lane}.json"
            seen = check_reads.check_pair(str(given["fq1"][-1]), str(given["fq2"][-1]))
            check.write_text(json.dumps({"unit": lane, **seen}))
            given["checks"].append(check)
        (folder / "chemistry.json").write_text(json.dumps(
            {"chemistry": "v2" if umi == 10 else "v3", "kb": "10XV2" if umi == 10 else "10XV3",
             "barcode_length": 16, "umi_length": umi, "configured": "auto", "configured_strand": None}
        ))  # fmt: skip
        whitelists = [self.folder / f"{name}.npy" for name in LISTS]
        return {**given, "chemistry": folder / "chemistry.json", "whitelists": whitelists}

    def sequence(self, molecules: list, *, umi: int = 12, against: bool = False) -> list[tuple[str, str]]:
        """Return reads of the molecules, each with a UMI of its own; ``against`` their genes, as 5' kits read."""
        return [(cell + self.bases(umi), reverse(cdna) if against else cdna) for cell, _, cdna, _ in molecules]

    def count(self, make_job, counter: str, given: dict, out: Path, *, introns: bool = False, **params):
        """Count; return the counts (barcodes × genes), the audit, and what the counter says of the library."""
        out.mkdir()
        files = {name: out / name for name in RAW}
        params = PARAMS | {"introns": introns} | params
        if counter == "kb":
            own = {"index": self.folder / f"kb_{introns}.idx", "t2g": self.folder / f"t2g_{introns}.txt"}
            files |= {name: out / name for name in ("bus", "ec", "transcripts")}
            main = count_kb.main
        else:
            own, main = {"index": self.folder / "star"}, count_starsolo.main
            files["bam"] = out / "a.bam"
            if not own["index"].exists():
                joined = {"fasta": self.folder / "genome.fa", "gtf": self.folder / "annotation.gtf"}
                index_star.main(make_job(input=joined, output=own, params={"sjdb_overhang": 100}))
        wildcards = {"sample": "S"}
        main(make_job(input=given | own, output=files, params=params, wildcards=wildcards, threads=2))
        collect_counts.main(make_job(
            input={name: files[name] for name in ("matrix", "barcodes", "features", "library")}
            | {"chemistry": given["chemistry"], "genes": self.folder / "genes.tsv"},
            output={"_": [out / "c.h5ad"]}, params={"aligner": counter}, wildcards=wildcards,
        ))  # fmt: skip
        audited = {"counts": out / "c.h5ad", "chemistry": given["chemistry"], **own} | files
        audit = audit_bus if counter == "kb" else audit_bam
        audit.main(make_job(
            input=audited, output={"audit": out / "a.json", "saturation": out / "s.tsv"}, wildcards=wildcards,
            params={"expected_cells": 10, "prefixes": {"graft": "H_", "host": "M_"}},
        ))  # fmt: skip
        found = anndata.read_h5ad(out / "c.h5ad")
        table = pd.DataFrame(found.X.toarray(), index=found.obs_names, columns=found.var_names)
        return table, json.loads((out / "a.json").read_text()), found.uns["counts"]


def by_gene(molecules: list, *, introns: bool) -> pd.Series:
    """Return the true UMIs of each gene, with or without those of introns."""
    genes = [gene for _, gene, _, of_intron in molecules if introns or not of_intron]
    return pd.Series(genes).value_counts().sort_index()
