"""Part ``field`` of `make scale`: the same simulated library by the commands of the field's documentation, in turns.

Counting is `kb count`, as nf-core/scrnaseq's kallisto path calls it; then arboreto, prune2df and aucell of pySCENIC on
the largest group of the libraries. Seconds are of the processor, so that other work distorts no ratio by much.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import scale_counting
import yaml
from scale_runs import ROOT, say, write_table

TARGETS, MODULES, CELLS = 12, 40, 1_000
"""Sizes of the samples that networks, pruning and activity are compared on."""
REPETITIONS = 3


def children(command: list, cwd: Path = ROOT) -> float:
    """Return the processor time (s) of a command. Ends with its own words if it fails."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(list(map(str, command)), cwd=cwd, capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(f"error: {command[:3]} failed:\n{(done.stdout + done.stderr)[-2000:]}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def own(work: Callable[[], object]) -> float:
    """Return the processor time (s) of a function."""
    start = time.process_time()
    work()
    return time.process_time() - start


def count(options: Namespace, folder: Path) -> tuple[str, int, float, float]:
    """Return what is compared, how much of it, and seconds of ours and of theirs, for the library of fewest reads."""
    reads = folder / "reads"
    config = scale_counting.write_study(options, reads, "kb")
    units = pd.read_csv(config.parent / "units.tsv", sep="\t")
    sample = units["sample"][0]
    lanes = units[units["sample"] == sample]
    index = config.parent / "results" / "references" / "kb"
    with tempfile.TemporaryDirectory(dir=folder) as name:
        job = [sys.executable, "-m", "scripts.base.mock", "count_kb", f"sample={sample}", "--configfile", config]
        ours = children([*job, "--into", f"{name}/ours"])
        kb = [Path(sys.executable).with_name("kb"), "count", "-t", options.cores, "-i", index / "index.idx"]
        kb += ["-g", index / "t2g.txt", "-x", "10XV3", "--strand", "forward", "-o", f"{name}/theirs"]
        theirs = children([*kb, *lanes[["fq1", "fq2"]].to_numpy().ravel()])
    return f"counting, {min(options.millions):g} million read pairs", 1, ours, theirs


def group_of(options: Namespace) -> tuple[Path, dict]:
    """Return the folder of a group's regulons in the smallest study of libraries, and the study's config."""
    place = options.folder / "libraries" / str(min(options.libraries))
    groups = sorted((place / "results" / "regulons").glob("*/expression.h5ad"))
    if not groups:
        raise SystemExit("error: no networks there; run part libraries first")
    return groups[0].parent, yaml.safe_load((place / "config.yaml").read_text())


def networks(expression, factors: list[str], folder: Path, environments: Path) -> tuple[float, float] | None:
    """Return seconds of ours and of arboreto for TARGETS targets, or nothing where its environment can't be made."""
    from scenic_data import Dataset
    from scenic_environments import make_environments, start_opponents
    from scenic_speed import Native

    opponents = start_opponents(make_environments(environments, ["arboreto"], say), ["arboreto"], say)
    if not opponents:
        return None
    data = Dataset(expression.X, expression.var_names, factors)
    native, arboreto = Native(data), opponents["arboreto"]
    arboreto.open(data, folder)
    ours, theirs = 0.0, 0.0
    for target in data.sample(TARGETS):
        ours += native.infer([target], seed=1)[2].sum()
        theirs += arboreto.infer([target], seed=1)[2].sum()
    arboreto.close()
    return ours, theirs


def measure(options: Namespace) -> None:
    """Write and print seconds of both and their ratio, a row per stage."""
    import anndata

    from scripts.regulons import pyscenic_compat as compat
    from scripts.scenic import aucell, cistarget, modules, motif_table

    rows = [count(options, options.folder)]
    group, config = group_of(options)
    expression = anndata.read_h5ad(group / "expression.h5ad")
    genes, size = expression.var_names.tolist(), f"{expression.n_obs} cells × {expression.n_vars} genes"
    factors = expression.var_names[expression.var["tf"]].tolist()
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        both = networks(expression, factors, Path(name), options.folder / "environments")
    if both:
        rows.append((f"networks, {size}, {len(factors)} factors, a target", TARGETS, *both))

    network = pd.read_parquet(sorted(group.glob("seed-*/adjacencies.parquet"))[0])
    found = modules.modules_from_adjacencies(network, expression.X, genes, min_genes=20, only_activating=True)
    chosen = np.random.default_rng(0).choice(len(found), min(MODULES, len(found)), replace=False)
    sample = [found[number] for number in chosen]
    databases = [cistarget.Database.load(config["regulons"]["databases"][0]["path"], genes, min_overlap=0.0)]
    annotations = motif_table.load_annotations(
        config["regulons"]["motif_annotations"]["path"], motif_similarity_fdr=0.001, orthologous_identity=0.0
    )
    settings = {"rank_threshold": 5_000, "auc_threshold": 0.05, "nes_threshold": 3.0, "threads": 1}
    settings["leading_edge"] = "pyscenic"
    cistarget.prune(sample[:2], databases, annotations, **settings)  # compiles
    say("pruning")
    rows.append((
        f"pruning, a module of {len(found)}", len(sample),
        own(lambda: cistarget.prune(sample, databases, annotations, **settings)),
        own(lambda: compat.prune_modules(sample, databases, annotations, **settings)),
    ))  # fmt: skip

    table = pd.read_csv(group / "regulons.tsv", sep="\t")
    regulons = {name: dict(zip(own_rows["target"], own_rows["weight"], strict=True))
                for name, own_rows in table.groupby("regulon")}  # fmt: skip
    matrix = expression.X[: min(CELLS, expression.n_obs)]
    aucell.score(matrix[:10], genes, regulons, seed=0)  # compiles
    say("activity")
    times = [
        (
            own(lambda: aucell.score(matrix, genes, regulons, seed=0)),
            own(lambda: compat.score_cells(matrix, genes, regulons, seed=0)),
        )
        for _ in range(REPETITIONS)
    ]
    ours, theirs = np.median(times, axis=0)
    rows.append((f"AUCell, {matrix.shape[0]} cells × {len(regulons)} regulons", 1, ours, theirs))
    result = pd.DataFrame(rows, columns=["stage", "sample", "ours_cpu_s", "theirs_cpu_s"])
    result["ratio"] = result["theirs_cpu_s"] / result["ours_cpu_s"]
    write_table(result, options.folder / "field.tsv")
