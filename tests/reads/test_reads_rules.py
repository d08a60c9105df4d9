"""References and reads through Snakemake itself: a sound library passes, each broken one is refused in one line."""

from __future__ import annotations

import gzip
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import in_process
import pytest
import yaml

from scripts.references.provide_whitelist import whitelist_path

ROOT = Path(__file__).parents[2]
PAIRS = 400
CONFIG = {
    "samples": "samples.tsv",
    "units": "units.tsv",
    "timepoints": ["untreated", "persister"],
    "contrast": {"baseline": "untreated", "persister": "persister"},
    "arms": [{"arm": "untreated", "drugs": []}],
    "models": [{"model": "M", "arms": ["untreated"]}],
    "references": {"graft": {"prefix": "H_", "fasta": "genome.fa", "gtf": "genes.gtf"}, "host": None},
    "regulons": {"databases": [], "min_groups": 1},
    "reads": {"sample_reads": 300},
}


OPTIONS = ["--snakefile", str(ROOT / "Snakefile"), "--configfile", "config.yaml"]


def snakemake(folder: Path, *arguments: str) -> in_process.Said:
    """Run the workflow on a study in ``folder``."""
    return in_process.snakemake(folder, *OPTIONS, "--cores", "1", *arguments)


def run_as_a_user(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    """Run the workflow on a study in ``folder``, in a process of its own, whose end and words count."""
    command = [sys.executable, "-m", "snakemake", *OPTIONS, "--cores", "2", *arguments]
    environment = {key: value for key, value in os.environ.items() if key != "SNAKEMAKE_PROFILE"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def write_study(folder: Path, lanes: list[tuple[str, str, str, str]], **changes) -> None:
    """Write config, sheets and a genome of one gene; ``lanes`` are sample, unit, fq1, fq2."""
    header = "sample\tmodel\ttimepoint\tarm\treplicate\tassay\tmatrix\tcolumn\n"
    samples = dict.fromkeys(lane[0] for lane in lanes)
    rows = [f"{sample}\tM\tuntreated\tuntreated\t{i + 1}\tscrna\t\t\n" for i, sample in enumerate(samples)]
    (folder / "samples.tsv").write_text(header + "".join(rows))
    (folder / "units.tsv").write_text("sample\tunit\tfq1\tfq2\n" + "".join("\t".join(lane) + "\n" for lane in lanes))
    (folder / "config.yaml").write_text(yaml.safe_dump(CONFIG | changes))
    (folder / "genome.fa").write_text(">1\n" + "ACGTTGCA" * 100 + "\n")
    (folder / "genes.gtf").write_text('1\tx\texon\t1\t800\t.\t+\t.\tgene_id "G"; transcript_id "T";\n')


@pytest.fixture(scope="module")
def reads():
    """Return read 1 and read 2 of a v2 library whose read 1 has 28 bp, and read 1 of no library."""
    rng = random.Random(5)
    listed = gzip.decompress(whitelist_path("v2").read_bytes()).split()

    def bases(number):
        return "".join(rng.choice("ACGT") for _ in range(number))

    first = [rng.choice(listed).decode() + bases(12) for _ in range(PAIRS)]
    return first, [bases(90) for _ in range(PAIRS)], [bases(28) for _ in range(PAIRS)]


def fastq(sequences, lane="1", names=None) -> bytes:
    """Return FASTQ, compressed."""
    names = names or [f"r{i}" for i in range(len(sequences))]
    pairs = zip(names, sequences, strict=True)
    return gzip.compress("".join(f"@{lane}:{name}\n{s}\n+\n{'F' * len(s)}\n" for name, s in pairs).encode(), mtime=0)


@pytest.fixture(scope="module")
def broken(reads, tmp_path_factory):
    """Return what Snakemake said of a sound library of two lanes next to four broken ones, and the folder."""
    folder = tmp_path_factory.mktemp("reads")
    first, second, foreign = reads
    numbers = [f"r{i}" for i in range(PAIRS)]
    mates = {
        ("sound", "L1"): (fastq(first), fastq(second)),
        ("sound", "L2"): (fastq(first, "2"), fastq(second, "2")),
        ("truncated", "L1"): (fastq(first)[:-300], fastq(second)),
        ("unpaired", "L1"): (fastq(first), fastq(second, names=[*numbers[:41], "x41", *numbers[42:]])),
        ("swapped", "L1"): (fastq(second), fastq(first)),
        ("foreign", "L1"): (fastq(foreign), fastq(second)),
    }
    lanes = []
    for (sample, unit), contents in mates.items():
        paths = [f"{sample}_{unit}_R{mate}.fastq.gz" for mate in (1, 2)]
        for path, content in zip(paths, contents, strict=True):
            (folder / path).write_bytes(content)
        lanes.append((sample, unit, *paths))
    write_study(folder, lanes)
    return run_as_a_user(folder, "--keep-going", "--", "reads"), folder


def test_a_sound_library_passes_beside_broken_ones(broken):
    """28 bp of read 1 on v2 barcodes: v2; both lanes are checked, measured and pooled."""
    _, folder = broken
    report = json.loads((folder / "results/reads/sound.chemistry.json").read_text())
    assert (report["chemistry"], report["umi_length"], list(report["units"])) == ("v2", 10, ["L1", "L2"])
    assert report["whitelist_overlap"]["v2"] == 1 and report["units"]["L1"]["read1_length"]["mode"] == 28
    for unit in ("L1", "L2"):
        assert json.loads((folder / f"results/reads/sound/{unit}.check.json").read_text())["pairs"] == PAIRS
        assert (folder / f"results/reads/sequali/sound.{unit}.R2.html").stat().st_size


def test_names_that_are_one_when_joined_are_two_lanes(reads, tmp_path):
    """Lane x_L1 of sample A and lane L1 of sample A_x."""
    lanes = []
    for number, (sample, unit) in enumerate((("A", "x_L1"), ("A_x", "L1"))):
        paths = [f"{number}_R{mate}.fastq.gz" for mate in (1, 2)]
        for path, sequences in zip(paths, reads, strict=False):
            (tmp_path / path).write_bytes(fastq(sequences, str(number)))
        lanes.append((sample, unit, *paths))
    write_study(tmp_path, lanes)
    ran = run_as_a_user(tmp_path, "--", "reads")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    found = sorted(path.name for path in (tmp_path / "results/reads/sequali").glob("*.json"))
    assert found == ["A.x_L1.R2.json", "A_x.L1.R2.json"]


REFUSALS = {
    "truncated": ("check_reads", "truncated_L1_R1.fastq.gz: truncated, the gzip stream ends early"),
    "unpaired": ("check_reads", "unpaired_L1_R1.fastq.gz and unpaired_L1_R2.fastq.gz, record 42: names differ"),
    "swapped": ("detect_chemistry", "swapped_L1_R1.fastq.gz and swapped_L1_R2.fastq.gz seem to be exchanged"),
    "foreign": ("detect_chemistry", "foreign_L1_R1.fastq.gz: too few barcodes are on a 10x whitelist (v2 0.0 %"),
}


@pytest.mark.parametrize("sample", REFUSALS)
def test_a_broken_library_is_refused_in_one_line(broken, sample):
    """Rule, sample, unit and file are named on the terminal and in the job's log; nothing is left that looks whole."""
    done, folder = broken
    rule, message = REFUSALS[sample]
    said = [line for line in done.stderr.splitlines() if f"error in {rule}" in line and message in line]
    assert len(said) == 1, done.stderr[-6000:]
    assert f"sample {sample}" in said[0] and "unit L1: " in said[0]
    assert not (folder / f"results/reads/{sample}.chemistry.json").exists() or rule == "check_reads"
    assert not (folder / f"results/reads/{sample}/L1.check.json").exists() or rule == "detect_chemistry"
    log = folder / "results/logs" / rule / (f"{sample}/L1.log" if rule == "check_reads" else f"{sample}.log")
    assert message in log.read_text()


def test_a_refusal_is_a_failure_without_a_traceback(broken):
    """Snakemake's exit code tells; our code shows no insides."""
    done, _ = broken
    assert done.returncode != 0
    assert "Traceback" not in done.stdout + done.stderr and "internal error" not in done.stderr


def test_nothing_is_counted_before_the_checks_are_passed(broken):
    """The counts of a library whose check failed can't be made."""
    _, folder = broken
    done = snakemake(folder, "--dry-run", "--", "results/counts/truncated.h5ad")
    assert done.code == 0
    assert "rule check_reads:" in done.text and "rule count_kb:" in done.text


def test_a_study_of_matrices_needs_no_reads_and_no_genomes(tmp_path):
    """The targets references and reads are there, and ask for nothing."""
    write_study(tmp_path, [], references=None)
    header = (tmp_path / "samples.tsv").read_text()
    (tmp_path / "samples.tsv").write_text(header + "S\tM\tuntreated\tuntreated\t1\tscrna\tm.txt\t\n")
    (tmp_path / "m.txt").write_text("gene\tc1\tc2\nACTB\t1\t0\nGAPDH\t0\t2\n")
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(CONFIG | {"references": None, "units": None}))
    done = snakemake(tmp_path, "--", "references", "reads", "counts")
    assert done.code == 0, done.text[-4000:]
    assert json.loads((tmp_path / "results/counts/S.audit.json").read_text())["umis_per_species"] == {
        "graft": 3,
        "host": 0,
    }
    assert not (tmp_path / "results/references").exists() and not (tmp_path / "results/reads").exists()


def test_a_study_without_host_has_one_genome(tmp_path):
    """A cell line: the index is of the graft alone."""
    for name in ("a.fq", "b.fq"):
        (tmp_path / name).write_text("@a\nA\n+\nF\n")
    write_study(tmp_path, [("S", "L1", "a.fq", "b.fq")])
    done = snakemake(tmp_path, "--", "references")
    assert done.code == 0, done.text[-4000:]
    genes = (tmp_path / "results/references/genes.tsv").read_text().splitlines()
    assert genes == ["gene_id\tsymbol\tspecies\tmitochondrial\tbiotype", "H_G\tG\tgraft\t0\t"]
    assert (tmp_path / "results/references/kb/index.idx").stat().st_size
    # Which genes are kept decides about the annotation; the default keeps this one, which has no biotype.
    again = snakemake(tmp_path, "--dry-run", "--", "references")
    assert again.code == 0 and "rule join_genomes:" not in again.text
    write_study(tmp_path, [("S", "L1", "a.fq", "b.fq")], references=CONFIG["references"] | {"biotypes": ["lncRNA"]})
    again = snakemake(tmp_path, "--dry-run", "--", "references")
    assert again.code == 0 and "rule join_genomes:" in again.text
    assert "Params have changed" in again.text
