"""Part ``libraries`` of `make scale`: studies of many libraries from matrices to report, and what each stage needs."""

from __future__ import annotations

import time
from argparse import Namespace
from pathlib import Path

import numpy as np
import pandas as pd
import scale_matrices
import yaml
from scale_runs import disk_of, jobs_of, keep_sizes, run, say, stages_of_rules, write_table

SEED = 1
SAMPLES = (
    ("untreated", "untreated"), ("persister", "AC"), ("persister", "capecitabine"), ("relapse", "AC"),
)  # fmt: skip
"""Timepoint and arm of a model's libraries, the first two in studies of 16."""


def samples_of(libraries: int) -> list[tuple[str, str, str, str]]:
    """Return sample, model, timepoint and arm: 4 models of 2 libraries, 8 of 2, 8 of 4, and so on."""
    per_model = 4 if libraries >= 32 else 2
    if libraries % per_model:
        raise SystemExit(f"error: --libraries: {libraries} is not a multiple of {per_model}, the libraries of a model")
    models = libraries // per_model
    return [
        (f"P{model:02}_{timepoint}_{arm}", f"P{model:02}", timepoint, arm)
        for model in range(1, models + 1)
        for timepoint, arm in SAMPLES[:per_model]
    ]


def write_matrices(samples: list, folder: Path, cells: int) -> None:
    """Write the matrices and the database that aren't there."""
    plan = scale_matrices.make_plan(SEED)
    keep_sizes(folder, cells=cells)
    if not (folder / "tfs.txt").exists():
        say("simulating the motif database")
        scale_matrices.write_database(plan, folder, SEED)
    for sample, model, timepoint, _ in samples:
        path = folder / f"{sample}.h5ad"
        if not path.exists():
            say(f"simulating {sample}")
            part = path.with_suffix(".part")
            scale_matrices.draw_library(plan, int(model[1:]), timepoint, cells, SEED).write_h5ad(
                part, compression="lzf"
            )
            part.rename(path)


def write_study(samples: list, matrices: Path, place: Path, seeds: int, factors: int | None) -> Path:
    """Write config, sheet and factors of a study of these libraries; return the config's path."""
    place.mkdir(parents=True, exist_ok=True)
    names = (matrices / "tfs.txt").read_text().splitlines(keepends=True)
    (place / "tfs.txt").write_text("".join(names[:factors]))
    sheet = pd.DataFrame(samples, columns=["sample", "model", "timepoint", "arm"])
    sheet["replicate"], sheet["assay"] = 1, "scrna"
    sheet["matrix"] = [str(matrices / f"{sample}.h5ad") for sample in sheet["sample"]]
    sheet.to_csv(place / "samples.tsv", sep="\t", index=False)
    arms = ["untreated", "AC", "capecitabine"]
    config = {
        "title": f"{len(samples)} libraries of full size (simulated)",
        "pathvars": {"results": str(place / "results")},
        "samples": str(place / "samples.tsv"),
        "timepoints": ["untreated", "persister", "relapse"],
        "contrast": {"baseline": "untreated", "persister": "persister", "relapse": "relapse"},
        "arms": [{"arm": arm, "drugs": [] if arm == "untreated" else [arm]} for arm in arms],
        "models": [{"model": model, "arms": arms} for model in dict.fromkeys(sheet["model"])],
        "references": {
            "graft": {"species": "human", "prefix": "GRCh38_"}, "host": {"species": "mouse", "prefix": "GRCm39_"},
        },
        "regulons": {
            "seeds": list(range(1, seeds + 1)),
            "min_seeds": min(3, seeds),
            "chunks": 1,
            "databases": [{"path": str(matrices / "scale.genes_vs_motifs.rankings.feather")}],
            "motif_annotations": {"path": str(matrices / "motifs.tbl")},
            "tfs": {"path": str(place / "tfs.txt")},
            "synthetic_data_note": "simulated rankings",
        },
    }  # fmt: skip
    path = place / "config.yaml"
    path.write_text(yaml.safe_dump(config, sort_keys=False))
    return path


def measure(options: Namespace) -> None:
    """Run studies of each size from matrices to report; write and print stages and their growth per library."""
    folder, per_stage = options.folder / "libraries", []
    for libraries in options.libraries:
        samples = samples_of(libraries)
        write_matrices(samples, folder / "matrices", options.library_cells)
        place = folder / (f"{libraries}_of_{options.factors}_factors" if options.factors else str(libraries))
        keep_sizes(place, cells=options.library_cells, seeds=options.seeds)
        config = write_study(samples, folder / "matrices", place, options.seeds, options.factors)
        done = place / "seconds.txt"
        if not done.exists():
            start = time.monotonic()
            run(config, options.cores)
            done.write_text(f"{time.monotonic() - start:.0f}\n")
        per_stage.append(stages(place / "results").assign(libraries=libraries))
        write_table(rules(place / "results"), place / "rules.tsv")
    table = pd.concat(per_stage)
    write_table(growth(table), place.with_name(f"stages{place.name.removeprefix(str(libraries))}.tsv"))


def rules(results: Path) -> pd.DataFrame:
    """Return by rule its jobs, their processor time in total, the longest and the largest."""
    jobs = jobs_of(results)
    grouped = jobs.groupby("rule")
    table = pd.DataFrame({
        "jobs": grouped.size(), "job_s": grouped["wall_s"].sum(), "cpu_s": grouped["cpu_s"].sum(),
        "longest_s": grouped["wall_s"].max(), "peak_gb": grouped["peak_gb"].max(),
        "largest_input_gb": grouped["input_gb"].max(),
    })  # fmt: skip
    return table.sort_values("job_s", ascending=False).reset_index()


def stages(results: Path) -> pd.DataFrame:
    """Return by stage the seconds of all its jobs, the largest job and what its results take on disk (GB)."""
    jobs, stage_of = jobs_of(results), stages_of_rules()
    jobs["stage"] = jobs["rule"].map(stage_of).fillna("report")
    grouped = jobs.groupby("stage")
    table = pd.DataFrame({"job_s": grouped["wall_s"].sum(), "peak_gb": grouped["peak_gb"].max()})
    table["disk_gb"] = [disk_of(results / stage) for stage in table.index]
    return table.reset_index()


def growth(table: pd.DataFrame) -> pd.DataFrame:
    """Return by stage the measures of each size, and the power of the number of libraries that they grow with."""
    rows = []
    for stage, own in table.groupby("stage", sort=False):
        row = {"stage": stage}
        for name in ("job_s", "peak_gb", "disk_gb"):
            row |= {f"{name}_{size}": value for size, value in zip(own["libraries"], own[name], strict=True)}
            known = own[own[name] > 0]
            if len(known) > 1:
                row[f"{name}_power"] = np.polyfit(np.log(known["libraries"]), np.log(known[name]), 1)[0]
        rows.append(row)
    return pd.DataFrame(rows)
