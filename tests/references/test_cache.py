"""Indexes shared between studies by Snakemake's cache: a second study with the same genomes makes none."""

import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
INDEX = "results/references/kb/index.idx"
FOLDER = "results/references/star"
SAMPLES = """\
sample\tmodel\ttimepoint\tarm\treplicate\tassay
A_untreated\tA\tuntreated\tuntreated\t1\tscrna
A_AC\tA\tpersister\tAC\t1\tscrna
"""
pytestmark = pytest.mark.full


def write_genome(folder: Path, name: str, seed: int) -> dict[str, str]:
    """Write a genome of three genes, which lie 3 kb apart, and its annotation; return both paths."""
    draw, lines = random.Random(seed), []
    for number in range(3):
        start = 1000 + 3000 * number
        place = f"chr1\tmade\t{{}}\t{start}\t{start + 999}\t.\t+\t.\t"
        gene = f'gene_id "G{seed}{number}"; gene_name "GENE{seed}{number}"; gene_type "protein_coding";'
        transcript = f'{gene} transcript_id "T{seed}{number}";'
        lines += [place.format("gene") + gene]
        lines += [place.format(feature) + transcript for feature in ("transcript", "exon")]
    paths = {"fasta": str(folder / f"{name}.fa"), "gtf": str(folder / f"{name}.gtf")}
    Path(paths["fasta"]).write_text(">chr1\n" + "".join(draw.choices("ACGT", k=10_000)) + "\n")
    Path(paths["gtf"]).write_text("\n".join(lines) + "\n")
    return paths


def write_study(folder: Path, graft: int, host: int) -> Path:
    """Write a study with reads in a folder of its own, whose genomes are drawn from these seeds; return the folder."""
    folder.mkdir()
    (folder / "samples.tsv").write_text(SAMPLES)
    units = ["sample\tunit\tfq1\tfq2"]
    for sample in ("A_untreated", "A_AC"):
        units.append(f"{sample}\tL001\t{sample}_R1.fastq.gz\t{sample}_R2.fastq.gz")
        for mate in (1, 2):
            (folder / f"{sample}_R{mate}.fastq.gz").touch()
    (folder / "units.tsv").write_text("\n".join(units) + "\n")
    for name in ("db.feather", "motifs.tbl", "tfs.txt"):
        (folder / name).touch()
    config = {
        "samples": "samples.tsv",
        "units": "units.tsv",
        "timepoints": ["untreated", "persister"],
        "contrast": {"baseline": "untreated", "persister": "persister"},
        "arms": [{"arm": "untreated", "drugs": []}, {"arm": "AC", "drugs": ["doxorubicin"]}],
        "models": [{"model": "A", "arms": ["untreated", "AC"]}],
        "references": {
            "graft": {"species": "human", "prefix": "A_", **write_genome(folder, "graft", graft)},
            "host": {"species": "mouse", "prefix": "B_", **write_genome(folder, "host", host)},
        },
        "regulons": {
            "min_groups": 1,
            "databases": [{"path": "db.feather"}],
            "motif_annotations": {"path": "motifs.tbl"},
            "tfs": {"path": "tfs.txt"},
        },
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    return folder


def run(folder: Path, *arguments: str, cache: Path | None, target: str = INDEX) -> str:
    """Make an index of a study, with results of other studies taken from a folder; return what Snakemake says."""
    environment = {key: value for key, value in os.environ.items() if key != "SNAKEMAKE_PROFILE"}
    environment |= {"SNAKEMAKE_OUTPUT_CACHE": str(cache)} if cache else {}
    command = [sys.executable, "-m", "snakemake", "--snakefile", ROOT / "Snakefile", "--configfile", "config.yaml"]
    command += ["--cores", "1", *(["--cache"] if cache else []), *arguments, "--", target]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_a_second_study_takes_genomes_and_index_from_the_cache(tmp_path):
    """Equal genomes at another path are linked, byte for byte; swapped ones and other species are indexed."""
    cache = tmp_path / "cache"
    cache.mkdir()
    first, second = write_study(tmp_path / "first", 1, 2), write_study(tmp_path / "second", 1, 2)
    swapped = write_study(tmp_path / "swapped", 2, 1)
    assert "Moving output file" in run(first, cache=cache)
    kept = sorted(cache.iterdir())
    said = run(second, cache=cache)
    assert "Moving output file" not in said and sorted(cache.iterdir()) == kept
    assert (second / INDEX).resolve() == (first / INDEX).resolve() and (second / INDEX).resolve().parent == cache
    assert "Nothing to be done" in run(second, "--dry-run", cache=cache)
    # A run without the cache uses the files that exist.
    assert "Nothing to be done" in run(second, "--dry-run", cache=None)
    assert "Moving output file" in run(swapped, cache=cache)
    genes = [(folder / "results/references/genes.tsv").read_text() for folder in (first, second, swapped)]
    assert genes[0] == genes[1] != genes[2]


@pytest.mark.skipif(shutil.which("STAR") is None, reason="STAR isn't installed")
def test_an_index_that_is_a_folder_is_taken_from_the_cache_too(tmp_path):
    cache = tmp_path / "cache"
    cache.mkdir()
    first, second = write_study(tmp_path / "first", 1, 2), write_study(tmp_path / "second", 1, 2)
    for folder in (first, second):
        config = yaml.safe_load((folder / "config.yaml").read_text())
        (folder / "config.yaml").write_text(yaml.safe_dump(config | {"counts": {"aligner": "starsolo"}}))
    assert "Moving output file" in run(first, cache=cache, target=FOLDER)
    assert "Moving output file" not in run(second, cache=cache, target=FOLDER)
    # Snakemake links a folder in the first study, and its files in others.
    kept = (second / FOLDER / "SA").resolve()
    assert kept == (first / FOLDER / "SA").resolve() and kept.parent.parent == cache and kept.stat().st_size > 0
    assert "Nothing to be done" in run(second, "--dry-run", cache=cache, target=FOLDER)
