"""Sheets and config: what isn't a table, what isn't a name, what makes no design, and what Snakemake itself meets."""

# ruff: noqa: E501  (tables: a case a line)

from __future__ import annotations

import copy
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import in_process
import yaml

from corpus.case import Case, Outcome, loaded

ROOT = Path(__file__).parents[3]
SAMPLES = """\
sample	model	timepoint	arm	replicate	assay	matrix	column
A_untreated	A	untreated	untreated	1	scrna
A_AC	A	persister	AC	1	scrna
B_untreated	B	untreated	untreated	1	scrna	data/B_untreated.h5ad
B_AC	B	persister	AC	1	scrna	data/B_AC.h5ad
B_bulk1	B	untreated	untreated	1	profile	data/B.tsv	control1
B_bulk2	B	persister	AC	1	profile	data/B.tsv	treated1
"""
UNITS = """\
sample	unit	fq1	fq2
A_untreated	L001	reads/a_R1.fastq.gz	reads/a_R2.fastq.gz
A_AC	L001	reads/b_R1.fastq.gz	reads/b_R2.fastq.gz
"""
CONFIG = {
    "check_files": False,
    "timepoints": ["untreated", "persister", "relapse"],
    "contrast": {"baseline": "untreated", "persister": "persister", "relapse": "relapse"},
    "arms": [{"arm": "untreated", "drugs": []}, {"arm": "AC", "drugs": ["doxorubicin"]}],
    "models": [{"model": "A", "arms": ["untreated", "AC"]}, {"model": "B", "arms": ["untreated", "AC"]}],
    "references": {
        "graft": {"species": "human", "prefix": "GRCh38_", "fasta": "human.fa.gz", "gtf": "human.gtf.gz"},
        "host": {"species": "mouse", "prefix": "GRCm39_", "fasta": "mouse.fa.gz", "gtf": "mouse.gtf.gz"},
    },
    "regulons": {
        "databases": [{"path": "hg38_10kbp_v10_clust.feather"}],
        "motif_annotations": {"path": "motifs-v10nr_clust-nr.hgnc-m0.001-o0.0.tbl"},
        "tfs": {"path": "allTFs_hg38.txt"},
    },
}
SHA256 = "0" * 64


def write(folder: Path, samples: str | bytes = SAMPLES, units: str | bytes = UNITS, **changes) -> dict:
    """Write the sheets; return the config that names them. ``changes``: keys as a__b__c; numbers are indices."""
    config = copy.deepcopy(CONFIG)
    for name, text in (("samples", samples), ("units", units)):
        (folder / f"{name}.tsv").write_bytes(text if isinstance(text, bytes) else text.encode())
        config[name] = str(folder / f"{name}.tsv")
    for key, value in changes.items():
        *path, last = [int(step) if step.isdigit() else step for step in key.split("__")]
        part = config
        for step in path:
            part = part[step] if isinstance(step, int) else part.setdefault(step, {})
        part[last] = value
    return config


def sheet(name: str, words: str, old: str, new: str, kind: str = "samples", **changes) -> Case:
    """Return a case in which a sheet has ``new`` for the first ``old``."""
    text = {"samples": SAMPLES, "units": UNITS}[kind]
    if old not in text:
        raise ValueError(f"{old!r} is not in the sheet")
    return raw(name, words, text.replace(old, new, 1), kind, **changes)


def raw(name: str, words: str, content: str | bytes, kind: str = "samples", **changes) -> Case:
    """Return a case in which a sheet is ``content``."""

    def run(folder: Path) -> Outcome:
        return loaded(write(folder, **{kind: content}, **changes), folder)

    return Case(f"{kind} sheet", name, words, run)


def config(name: str, words: str, **changes) -> Case:
    """Return a case in which keys of the config differ."""
    return Case("config", name, f"^error: config, {words}", lambda folder: loaded(write(folder, **changes), folder))


def snakemake(name: str, words: str, edit: Callable[[Path], list[str]], *, as_a_user: bool = False) -> Case:
    """Return a case of Snakemake's own start; ``edit`` changes what is in the folder, and returns arguments.

    ``as_a_user``: in a process of its own.
    """

    def run(folder: Path) -> Outcome:
        (folder / "config.yaml").write_text(yaml.safe_dump(write(folder)))
        arguments = ["--dry-run", "--quiet", "--configfile", str(folder / "config.yaml"), *edit(folder)]
        if as_a_user:
            environment = {key: value for key, value in os.environ.items() if key != "SNAKEMAKE_PROFILE"}
            command = [sys.executable, "-m", "snakemake", *arguments]
            done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
            said = in_process.Said(done.returncode, done.stdout + done.stderr)
        else:
            said = in_process.snakemake(ROOT, *arguments)
        lines = said.text.replace(f"{folder}/", "").splitlines()
        # That one config is laid over another is Snakemake's own word, and true.
        return Outcome(said.code, [line for line in lines if line.strip() and not line.startswith("Config file")])

    return Case("snakemake", name, words, run)


def no_sheet(folder: Path) -> list[str]:
    """Take the samples sheet away."""
    (folder / "samples.tsv").unlink()
    return []


def an_arm_misspelt(folder: Path) -> list[str]:
    """Misspell an arm."""
    path = folder / "samples.tsv"
    path.write_text(path.read_text().replace("persister\tAC", "persister\tAB", 1))
    return []


def files_asked_for(folder: Path) -> list[str]:
    """Let the files be looked for."""
    return ["--config", "check_files=true"]


def samples_of_shell(folder: Path) -> list[str]:
    """Give a sample a name that a shell would run."""
    path = folder / "samples.tsv"
    path.write_text(path.read_text().replace("A_untreated", "$(touch${IFS}owned)", 1))
    return []


NAME = r"is not a name of letters, digits, '_' and '-' that begins with a letter or digit"
PATH = r"is not a path without blanks, quotes, brackets and other special characters"
SHEETS = [
    raw("empty file", r"samples\.tsv, row 1: the header is missing; write sample, model", ""),
    raw("header alone", r"samples\.tsv, row 2: the sheet has no samples; add a row", SAMPLES.split("\n")[0]),
    raw("commas for tabs", r"samples\.tsv, row 1: columns are not separated by tabs; save", SAMPLES.replace("\t", ",")),
    raw("UTF-16", r"samples\.tsv, row 1: UTF-16 or not text; save it", SAMPLES.encode("utf-16")),
    raw("a workbook", r"samples\.tsv, row 1: UTF-16 or not text; save it", b"PK\x03\x04\x14\0\x06\0\x08\0\0\0!\0"),
    raw("another encoding", r"row 3, cell 2: b'\\xe9' is not UTF-8", UNITS.replace("A_AC\tL001", "A_AC\té").encode("latin-1"), "units"),
    raw("gzip", r"units\.tsv, row 1.*; save", b"\x1f\x8b\x08\x00\x12\xff" + b"\x00" * 30, "units"),
    sheet("column unknown", r"row 1: 'sampel' is not a column of this sheet; did you mean 'sample'\?", "\tcolumn", "\tsampel"),
    sheet("column missing", r"units\.tsv, row 1, column fq2: the column is missing; add it", "\tfq2", "", "units"),
    sheet("column twice", r"row 1, column matrix: the column occurs twice; remove one", "\tcolumn", "\tmatrix"),
    sheet("cell too many", r"row 2: 6 cells under 4 columns; remove a tab", "L001\treads", "L001\t\tx\treads", "units"),
    sheet("row cut", r"row 3, column replicate: the row ends before this column", "AC\t1\tscrna", "AC"),
    sheet("cell empty", r"row 3, column arm: is empty; fill it in", "persister\tAC", "persister\t"),
    sheet("NA", r"row 3, column replicate: 'NA' is not allowed for a missing value; fill it in", "AC\t1", "AC\tNA"),
    sheet("quotes", r"row 2, column model: '\"A\"' has quotation marks; remove them", "\tA\t", '\t"A"\t'),
    sheet("zero-width blank", r"row 2, column model: .* has an invisible character; remove it", "\tA\t", "\tA\u200b\t"),
    sheet("sample with a blank", rf"row 3, column sample: 'A AC' {NAME}; correct", "A_AC", "A AC"),
    sheet("sample with a quote", rf'row 3, column sample: "A\'AC" {NAME}', "A_AC", "A'AC"),
    sheet("sample for the shell", rf"row 3, column sample: '\$\(reboot\)' {NAME}", "A_AC", "$(reboot)"),
    sheet("sample with backticks", rf"row 3, column sample: '`id`' {NAME}", "A_AC", "`id`"),
    sheet("sample that looks like an option", rf"row 3, column sample: '-rf' {NAME}", "A_AC", "-rf"),
    sheet("sample that climbs", rf"row 3, column sample: '\.\./A' {NAME}", "A_AC", "../A"),
    sheet("sample with a wildcard", rf"row 3, column sample: '{{sample}}' {NAME}", "A_AC", "{sample}"),
    sheet("sample twice", r"row 5, column sample: 'B_untreated' is already the sample of row 4; give each", "B_AC", "B_untreated"),
    sheet("replicate twice", r"column replicate: '1' of its model, timepoint and arm is already row 4; number", "B_AC\tB\tpersister\tAC", "B_AC\tB\tuntreated\tuntreated"),
    sheet("arm unknown", r"row 3, column arm: 'AB' is not among arms of the config; .*correct it or add", "persister\tAC", "persister\tAB"),
    sheet("model unknown", r"row 2, column model: 'C' is not among models of the config; known are A, B", "untreated\tA\t", "untreated\tC\t"),
    sheet("timepoint misspelt", r"column timepoint: 'persistor' is not among .*did you mean 'persister'\?", "persister", "persistor"),
    sheet("assay unknown", r"row 2, column assay: 'bulk' is not scrna or profile; correct it", "1\tscrna", "1\tbulk"),
    sheet("treated at the baseline", r"row 2, column arm: 'AC' is a treatment, but 'untreated' is before it; give", "untreated\tuntreated", "untreated\tAC"),
    sheet("no baseline", r"column timepoint: B has no 'untreated' sample of assay profile .*; add one", "B_bulk1\tB\tuntreated\tuntreated", "B_bulk1\tB\trelapse\tAC"),
    sheet("matrix and reads", r"row 2, column matrix: 'A_untreated' has a matrix and reads .*; keep one", "1\tscrna", "1\tscrna\ta.h5"),
    sheet("neither matrix nor reads", r"row 4, column matrix: .* neither a matrix nor reads; give", "\tdata/B_untreated.h5ad", ""),
    sheet("profile without its column", r"row 6, column column: is empty, but the assay is profile; give", "\tcontrol1", ""),
    sheet("profile column twice", r"row 7, column column: 'control1' of this matrix is already row 6; correct", "treated1", "control1"),
    sheet("matrix path with a blank", rf"row 4, column matrix: 'my data/B\.h5ad' {PATH}; correct", "data/B_untreated.h5ad", "my data/B.h5ad"),
    sheet("matrix path for the shell", rf"row 4, column matrix: '\$\(id\)\.h5ad' {PATH}", "data/B_untreated.h5ad", "$(id).h5ad"),
    sheet("reads path that looks like an option", r"row 2, column fq1: '-o\.fastq\.gz' is not a FASTQ file", "reads/a_R1", "-o", "units"),
    sheet("reads path with a semicolon", r"row 2, column fq1: 'a;id\.fastq\.gz' is not a FASTQ file", "reads/a_R1", "a;id", "units"),
    sheet("reads path that redirects", r"row 2, column fq2: 'a>b\.fastq\.gz' is not a FASTQ file", "reads/a_R2", "a>b", "units"),
    sheet("reads path with a comma", r"row 2, column fq1: 'reads/a,b_R1\.fastq\.gz' is not a FASTQ file", "reads/a_R1", "reads/a,b_R1", "units"),
    sheet("reads as BAM", r"row 2, column fq1: 'reads/a\.bam' is not a FASTQ file", "reads/a_R1.fastq.gz", "reads/a.bam", "units"),
    sheet("one file for both mates", r"row 2, column fq2: .* is already used in row 2, column fq1; correct", "reads/a_R2", "reads/a_R1", "units"),
    sheet("file of another lane", r"row 3, column fq1: .* is already used in row 2, column fq1; correct", "reads/b_R1", "reads/a_R1", "units"),
    sheet("lane of an unknown sample", r"row 3, column sample: 'C' is not in samples\.tsv; add it there", "A_AC", "C", "units"),
    sheet("lane of a profile", r"'B_bulk1' has assay profile in samples\.tsv; remove the lane", "A_AC\tL001\t", "B_bulk1\tL001\treads/c_R1.fq\treads/c_R2.fq\nA_AC\tL001\t", "units"),
]  # fmt: skip
CONFIGS = [
    Case("config", "no section of keys", "^error: config: 'a.yaml' is not a section of keys; see", lambda f: loaded("a.yaml", f)),
    config("key unknown", r"cell: is not a key; did you mean 'cells'\?", cell={}),
    config("models missing", "models: null is not a list of .*; correct it", models=None),
    config("number in words", "cells.expected_cells: 'many' is not auto or a whole number of at least 1; correct", cells__expected_cells="many"),
    config("infinite", "cells.qc.max_counts: inf is not a usable number; give a finite one", cells__qc__max_counts=float("inf")),
    config("per cent for a fraction", "reads.min_whitelist_overlap: 50 is not a number from 0 to 1; correct", reads__min_whitelist_overlap=50),
    config("thresholds crossed", "cells.qc.min_counts: 500 is not below max_counts, 100; .*lower it", cells__qc__max_counts=100),
    config("more seeds must agree than there are", "regulons.min_seeds: 3 runs must agree, but seeds lists 1; lower", regulons__seeds=[1]),
    config("more groups must agree than there are", "regulons.min_groups: groups of 4 models must agree, but the study has 2 .*; lower", regulons__min_groups=4),
    config("persister before the baseline", "contrast.persister: .* doesn't come after baseline .*; reorder", contrast__persister="untreated", contrast__relapse=None),
    config("prefixes alike", "references.host.prefix: .* begin with the same letters; give prefixes", references__host__prefix="GRCh38_mouse_"),
    config("reads without genomes", "references: is missing, but units.tsv, row 2 has reads; give", references=None),
    config("model that climbs", r"models\[0\].model: '\.\./A' is not a name", models__0__model="../A"),
    config("results that look like an option", "pathvars.results: '-rf' is not a folder", pathvars__results="-rf"),
    config("results for the shell", r"pathvars.results: '\$\(id\)' is not a folder", pathvars__results="$(id)"),
    config("results with a wildcard", r"pathvars.results: '\{sample\}' is not a folder", pathvars__results="{sample}"),
    config("genome path for the shell", r"references.graft.fasta: 'a\|id' is not a path", references__graft__fasta="a|id"),
    config("database of another genome", r"regulons.databases\[0\]: .* is of species mouse, references.graft of human; give", regulons__databases__0__path="mm10_v10_clust.feather"),
    config("databases of two releases", r"regulons.motif_annotations: .* is of motif collection v9, .* of v10; give", regulons__motif_annotations__path="motifs-v9-nr.hgnc-m0.001-o0.0.tbl"),
    config("database that isn't Feather", r"regulons.databases\[0\]: 'a.db' is not a .feather file; give", regulons__databases__0__path="a.db"),
    config("address without its sha256", r"regulons.tfs: is fetched from 'https://example.org/tfs.txt' without a sha256; give", regulons__tfs={"url": "https://example.org/tfs.txt"}),
    config("path and address", "regulons.tfs: has path and url; keep one", regulons__tfs={"path": "a", "url": "https://example.org/a", "sha256": SHA256}),
    config("address that isn't one", "regulons.tfs.url: 'ssh://host/a' is not a web address", regulons__tfs={"url": "ssh://host/a", "sha256": SHA256}),
    config("sha256 cut", "regulons.tfs.sha256: 'abc' is not 64 hexadecimal digits", regulons__tfs={"path": "a", "sha256": "abc"}),
]  # fmt: skip
STARTS = [
    snakemake("no samples sheet", r"^error: samples\.tsv: no such file; correct samples in the config", no_sheet),
    snakemake("arm misspelt", r"^error: samples\.tsv, row 3, column arm: 'AB' is not among arms", an_arm_misspelt),
    snakemake("no reads", r"^error: units\.tsv, row 2, column fq1: there is no 'reads/a_R1.fastq.gz'; correct", files_asked_for),
    snakemake("name for the shell", r"^error: samples\.tsv, row 2, column sample: .* is not a name", samples_of_shell, as_a_user=True),
]  # fmt: skip
CASES = [*SHEETS, *CONFIGS, *STARTS]
SOUND = [config("sound", "")]
