"""Part ``reads`` of `make scale`: one library at several depths, from reads to cells, by kb and by STARsolo."""

from __future__ import annotations

import os
from argparse import Namespace
from pathlib import Path

import numpy as np
import pandas as pd
import scale_genomes
import scale_reads
import yaml
from scale_runs import keep_sizes, rules_of, run, say, write_table

from scripts.references.barcodes import unpack

SEED = 1
TRANSCRIPTS = (120 / 35, 100 / 35)
"""Transcripts per gene of human and mouse (GENCODE, without those of other biotypes)."""


def lanes_of(options: Namespace) -> tuple[int, int]:
    """Return reads of a lane and the number of lanes: the smallest depth is one lane, others are several."""
    least = min(options.millions)
    counts = [round(depth / least) for depth in options.millions]
    if any(abs(depth / least - count) > 1e-9 for depth, count in zip(options.millions, counts, strict=True)):
        raise SystemExit("error: --millions must be multiples of the smallest")
    return round(least * 1e6), max(counts)


def simulate(options: Namespace, folder: Path) -> dict[int, dict[str, np.ndarray]]:
    """Write genomes and lanes that aren't there; return by depth (lanes) the UMIs of each gene to be found in cells."""
    per_lane, lanes = lanes_of(options)
    keep_sizes(
        folder, megabases=options.megabases, genes=options.genes, cells=options.cells, droplets=options.droplets,
        millions=options.millions,
    )  # fmt: skip
    truth = folder / "truth.npz"
    depths = [round(depth * 1e6 / per_lane) for depth in options.millions]
    if not truth.exists():
        say(f"simulating 2 x {options.megabases} Mb and {lanes} lanes of {per_lane} read pairs")
        number = tuple(round(each * options.genes) for each in TRANSCRIPTS)
        genomes = scale_genomes.make_genomes(options.genes, number, options.megabases, SEED)
        for species, genome in genomes.items():
            scale_genomes.write_fasta(genome, folder / f"{species}.fa.gz")
            scale_genomes.write_gtf(genome, species, folder / f"{species}.gtf.gz")
        molecules = round(scale_reads.MOLECULES_PER_READ * per_lane * lanes)
        library = scale_reads.draw_library(genomes, molecules, options.cells, options.droplets, SEED)
        scale_reads.write_lanes(lanes, per_lane, library, genomes, folder, SEED)
        found = {}
        for depth in depths:
            expected = scale_reads.expected_umis(library, genomes, folder, range(1, depth + 1))
            found |= {f"{depth}_{species}": umis for species, umis in expected.items()}
        np.savez(truth, **found)
    with np.load(truth) as saved:
        return {depth: {name: saved[f"{depth}_{name}"] for name in scale_genomes.SPECIES} for depth in depths}


def write_study(options: Namespace, folder: Path, aligner: str) -> Path:
    """Write config and sheets of a study that has each depth as a library; return the config's path. Libraries of up
    to ``introns`` million read pairs are counted with introns as well.

    A lane is a hard link of its reads: a sheet may name no file twice.
    """
    place = folder / aligner
    place.mkdir(parents=True, exist_ok=True)
    per_lane, _ = lanes_of(options)
    samples, units = [], []
    for depth in options.millions if aligner == "kb" else options.millions[:1]:
        for introns in ("no", "yes") if depth <= options.introns else ("no",):
            model = f"M{depth:g}".replace(".", "_") + ("_introns" if introns == "yes" else "")
            samples.append((f"{model}_untreated", model, "untreated", "untreated", 1, "scrna", introns))
            for lane in range(1, round(depth * 1e6 / per_lane) + 1):
                paths = []
                for mate in (1, 2):
                    path = place / f"{model}_L{lane:03}_R{mate}.fastq.gz"
                    if not path.exists():
                        os.link(folder / f"lane{lane}_R{mate}.fastq.gz", path)
                    paths.append(str(path))
                units.append((f"{model}_untreated", f"L{lane:03}", *paths))
    columns = ["sample", "model", "timepoint", "arm", "replicate", "assay", "introns"]
    pd.DataFrame(samples, columns=columns).to_csv(place / "samples.tsv", sep="\t", index=False)
    pd.DataFrame(units, columns=["sample", "unit", "fq1", "fq2"]).to_csv(place / "units.tsv", sep="\t", index=False)
    config = {
        "title": "A library of full size (simulated)",
        "pathvars": {"results": str(place / "results")},
        "samples": str(place / "samples.tsv"),
        "units": str(place / "units.tsv"),
        "timepoints": ["untreated", "persister"],
        "contrast": {"baseline": "untreated", "persister": "persister"},
        "arms": [{"arm": "untreated", "drugs": []}, {"arm": "drug", "drugs": ["drug"]}],
        "models": [{"model": row[1], "arms": ["untreated", "drug"]} for row in samples],
        "counts": {"aligner": aligner, "mixed_introns": True},
        "references": {
            species: {
                "species": kind, "prefix": prefix, "fasta": str(folder / f"{species}.fa.gz"),
                "gtf": str(folder / f"{species}.gtf.gz"),
            }
            for species, kind, prefix in (("graft", "human", "GRCh38_"), ("host", "mouse", "GRCm39_"))
        },
    }  # fmt: skip
    path = place / "config.yaml"
    path.write_text(yaml.safe_dump(config, sort_keys=False))
    return path


def measure(options: Namespace, aligner: str) -> None:
    """Run the libraries from reads to cells; write and print what each rule needed, and what was found of the truth."""
    folder = options.folder / "reads"
    truth = simulate(options, folder)
    config = write_study(options, folder, aligner)
    results = folder / aligner / "results"
    run(config, options.cores, "cells")
    write_table(rules_of(results), folder / f"{aligner}_rules.tsv")
    write_table(compare(results, truth, options), folder / f"{aligner}_found.tsv")


def compare(results: Path, truth: dict, options: Namespace) -> pd.DataFrame:
    """Return by library and species the UMIs in cells expected and found, and the correlation over genes.

    Expected are molecules whose exons were read at least once; with introns, others are found too.
    """
    import anndata
    from scipy.stats import spearmanr

    per_lane, _ = lanes_of(options)
    drawn = scale_reads.draw_barcodes(options.droplets, np.random.default_rng(SEED))[: options.cells]
    cells = unpack(drawn).astype(str)
    rows = []
    for path in sorted((results / "counts").glob("*_untreated.h5ad")):
        counts = anndata.read_h5ad(path)
        name = path.stem.removesuffix("_untreated")
        million = float(name.removeprefix("M").removesuffix("_introns").replace("_", "."))
        depth = round(million * 1e6 / per_lane)
        sums = np.asarray(counts[counts.obs_names.isin(cells)].X.sum(axis=0)).ravel()
        for species, prefix in (("graft", "ENSG"), ("host", "ENSMUSG")):
            expected = truth[depth][species]
            ids = [f"{prefix}{number:011}" for number in range(1, len(expected) + 1)]
            observed = pd.Series(sums, index=counts.var_names).rename(index=lambda gene: gene.split("_")[-1])
            observed = observed.reindex(ids).fillna(0).to_numpy()
            rows.append((name, species, int(expected.sum()), int(observed.sum()), spearmanr(expected, observed)[0]))
    return pd.DataFrame(rows, columns=["library", "species", "expected", "found", "spearman"])
