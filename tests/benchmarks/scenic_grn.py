"""Measure network inference next to others: time, memory, parity, quality on gold standards."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
for _folder in (ROOT, Path(__file__).parent):
    if str(_folder) not in sys.path:
        sys.path.insert(0, str(_folder))

from scenic_data import DATA, REAL_SIZE, read_demo, read_pc9, simulate_cells
from scenic_environments import OPPONENTS, make_environments, start_opponents
from scenic_field import ENGINES, LARGE, measure_large, measure_stopping
from scenic_quality import format_quality, measure_quality
from scenic_speed import (
    measure_importances,
    measure_parity,
    measure_scaling,
    measure_speed,
    measure_threads,
    measure_whole_job,
)


def measure_grn(
    sections: Iterable[str],
    *,
    quick: bool = False,
    environments: Path | None = None,
    seeds: Iterable[int] = (1, 2, 3, 4, 5),
    names: Iterable[str] = tuple(OPPONENTS),
    size: Sequence[int] | None = None,
    say=print,
) -> dict:
    """Return the flat keys of the GRN ``sections``.

    ``names``: the opponents in them; ``size``: of section large (cells, genes, factors and targets; default:
    :data:`scenic_field.LARGE`).
    """
    result: dict = {}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        wanted = {"speed", "quality", "field"} & set(sections) and list(names)
        pythons = make_environments(environments or folder / "environments", names, say) if wanted else {}
        opponents = start_opponents(pythons, names, say) if wanted else {}
        for name, opponent in opponents.items():
            result[f"version_{name}"] = opponent.version
        try:
            if "speed" in sections:
                timed = {name: opponents[name] for name in ("arboreto", "rustscenic", "lightgbm") if name in opponents}
                pc9, real = read_pc9(), simulate_cells(**REAL_SIZE)
                if pc9 is None:
                    say("no pc9_erlotinib data next to the repository: its keys are left out")
                else:
                    result |= measure_speed(pc9, "pc9", timed, folder, n_targets=8 if quick else 40)
                    if "arboreto" in timed:
                        result |= measure_parity(pc9, timed["arboreto"], folder, 8 if quick else 40)
                    say("speed: pc9 done")
                result |= measure_speed(real, "real_size", timed, folder, n_targets=4 if quick else 24)
                if "grn_speedup_pc9_vs_rustscenic" in result:
                    result["grn_speedup_vs_rustscenic"] = result["grn_speedup_pc9_vs_rustscenic"]
                demo = read_demo()
                if demo is None:
                    say("no results of the demo: its keys are left out (make demo)")
                else:
                    result |= measure_speed(demo, "demo", timed, folder, n_targets=8 if quick else 24)
                say("speed: done")
            if "field" in sections:
                shipped = {name: opponents[name] for name in ENGINES if name in opponents}
                settings = {"n_cells": 500, "repetitions": 1, "factors": (50,)} if quick else {}
                cells = read_pc9()
                result |= measure_stopping(cells, shipped, folder, **settings) if cells else {}
                say("field: done" if cells else "no pc9_erlotinib data next to the repository: field is left out")
            if "quality" in sections:
                if (DATA / "grn").exists():
                    judged = {name: opponent for name, opponent in opponents.items() if name != "lightgbm"}
                    settings = {"seeds": (1,), "densities": (0.2,)} if quick else {"seeds": tuple(seeds)}
                    keys, table = measure_quality(judged, folder, say=say, **settings)
                    result |= keys
                    for measure in ("auprc", "auroc", "trees"):
                        say("\n" + format_quality(table, measure))
                else:
                    say("no gold standards next to the repository: the quality table is left out")
        finally:
            for opponent in opponents.values():
                opponent.close()
        if "threads" in sections:
            result |= measure_threads(simulate_cells(**REAL_SIZE), n_targets=60 if quick else 1_000, say=say)
        if "memory" in sections:
            result |= measure_whole_job(500 if quick else None, folder)
        if "importances" in sections:
            cells = read_pc9()
            result |= measure_importances(cells, 8 if quick else 100) if cells else {}
        if "large" in sections:
            jobs = dict(LARGE)
            if size is not None or quick:
                *sizes, targets = size or (1_000, 1_000, 100, 10)
                own = dict(zip(("n_cells", "n_genes", "n_tfs"), sizes, strict=True))
                jobs = {"x".join(map(str, sizes)): (own, targets)}
            for name, job in jobs.items():
                result |= measure_large(folder, name, *job)
                say(f"large: {name} done")
        if "scaling" in sections:
            result |= measure_scaling((1_000, 5_000) if quick else (1_000, 5_000, 20_000, 50_000))
    return result
