"""Another workflow that uses this one as a module, with a config and inputs of its own, and git for repositories."""

import subprocess
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
TARGET = "out/persisters/counts/A_AC.h5ad"
"""What one job of the outer workflow's study makes."""
OUTER = f"""
configfile: "outer.yaml"


module persisters:
    snakefile:
        "{ROOT / "Snakefile"}"
    config:
        config["persisters"]


use rule * from persisters as persisters_*


rule everything:
    input:
        rules.persisters_all.input,
        "own.txt",
    default_target: True


rule make_own:
    output:
        "own.txt",
    shell:
        "echo {{config[word]}} > {{output}}"
"""
SAMPLES = """\
sample	model	timepoint	arm	replicate	assay	matrix
A_untreated	A	untreated	untreated	1	scrna	data/A_untreated.tsv
A_AC	A	persister	AC	1	scrna	data/A_AC.tsv
"""
MATRIX = "gene\tAAACCTGAGAAACCAT-1\tAAACCTGAGAAACCGC-1\nACTB\t3\t1\nGAPDH\t1\t0\nJUN\t0\t2\n"
CONFIG = {
    "samples": "sheets/samples.tsv",
    "pathvars": {"results": "out/persisters"},
    "timepoints": ["untreated", "persister"],
    "contrast": {"baseline": "untreated", "persister": "persister"},
    "arms": [{"arm": "untreated", "drugs": []}, {"arm": "AC", "drugs": ["doxorubicin"]}],
    "models": [{"model": "A", "arms": ["untreated", "AC"]}],
    "regulons": {
        "seeds": [1, 2],
        "min_seeds": 1,
        "min_groups": 1,
        "chunks": 1,
        "databases": [{"path": "data/hg38_v10.feather"}],
        "motif_annotations": {"path": "data/motifs-v10.tbl"},
        "tfs": {"path": "data/allTFs_hg38.txt"},
    },
}


def git(folder: Path, *arguments: str | Path) -> None:
    """Call git in a folder."""
    who = ["-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run(["git", "-C", folder, *who, *arguments], check=True, capture_output=True)


def write_outer(folder: Path, snakefile: str = f'"{ROOT / "Snakefile"}"') -> Path:
    """Write the outer workflow, which calls the module's Snakefile so, and its inputs; return the folder."""
    (folder / "Snakefile").write_text(OUTER.replace(f'"{ROOT / "Snakefile"}"', snakefile))
    (folder / "outer.yaml").write_text(yaml.safe_dump({"word": "outer", "persisters": CONFIG}))
    for name in ("sheets", "data"):
        (folder / name).mkdir()
    (folder / "sheets" / "samples.tsv").write_text(SAMPLES)
    for sample in ("A_untreated", "A_AC"):
        (folder / "data" / f"{sample}.tsv").write_text(MATRIX)
    regulons = CONFIG["regulons"]
    for entry in (*regulons["databases"], regulons["motif_annotations"], regulons["tfs"]):
        (folder / entry["path"]).touch()
    return folder
