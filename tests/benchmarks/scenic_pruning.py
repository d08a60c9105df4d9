"""Measure motif pruning and AUCell next to pySCENIC 0.12.1: same data, same core, in turns; and whether they agree.

``python tests/benchmarks/scenic_pruning.py`` prints the table; tests/benchmarks/scenic.py imports
:func:`measure_pruning` and :func:`measure_aucell`. The database is synthetic, of the size of cisTarget's human one
(5,876 motifs × 20,000 genes); what it takes for a whole network is extrapolated from the modules measured, and the key
says so.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from scripts.scenic import aucell, cistarget, motif_table
from scripts.scenic.modules import ACTIVATING, Module

N_MOTIFS, N_GENES, N_MEASURED, N_TFS = 5_876, 20_000, 15_000, 1_469
NETWORK_MODULES = 6 * 1_500
"""Modules of a whole network: six criteria, 1,500 factors."""
SETTINGS = {"rank_threshold": 5_000, "auc_threshold": 0.05, "nes_threshold": 3.0}
CHUNK = 25
"""Modules that one engine prunes before the other's turn."""
SIZES = ((50, 51), (20, 150), (40, 400), (100, 800))
"""Ranges of module sizes, as the criteria give them: a top list, 5, 10 and 50 regulators per target."""


def gene_names(n: int) -> list[str]:
    """Return names that sort like their numbers."""
    return [f"GENE{i:05d}" for i in range(n)]


def draw_targets(rng: np.random.Generator, n_genes: int, n_tfs: int) -> list[np.ndarray]:
    """Return each factor's own targets, as gene numbers."""
    return [rng.choice(n_genes, size=min(200, n_genes // 5), replace=False) for _ in range(n_tfs)]


def simulate_database(
    path: Path, rng: np.random.Generator, n_motifs: int = N_MOTIFS, n_genes: int = N_GENES, n_tfs: int = N_TFS
):
    """Write a database in which a factor's motifs rank its own 200 genes high; return targets and annotations."""
    import pyarrow as pa
    from pyarrow import feather

    genes, motifs = gene_names(n_genes), [f"motif{i:05d}" for i in range(n_motifs)]
    targets = draw_targets(rng, n_genes, n_tfs)
    of_motif = rng.integers(0, n_tfs, n_motifs)
    ranks = np.empty((n_motifs, n_genes), dtype=np.int16)
    for motif in range(n_motifs):
        score = rng.standard_normal(n_genes, dtype=np.float32)
        score[targets[of_motif[motif]]] += rng.choice([0.0, 1.0, 2.0])
        ranks[motif, np.argsort(-score)] = np.arange(n_genes, dtype=np.int16)
    columns = np.ascontiguousarray(ranks.T)
    feather.write_feather(
        pa.table({**dict(zip(genes, columns, strict=True)), "motifs": motifs}), path, compression="zstd"
    )
    direct = pd.DataFrame(
        {"tf": of_motif, "motif": motifs, "motif_similarity_qvalue": 0.0, "orthologous_identity": 1.0}
    )
    n = 4 * n_motifs
    similar = pd.DataFrame(
        {
            "tf": rng.integers(0, n_tfs, n),
            "motif": rng.choice(motifs, n),
            "motif_similarity_qvalue": 10.0 ** -rng.integers(3, 12, n),
            "orthologous_identity": rng.choice([1.0, 0.9, 0.6], n),
        }
    )
    annotations = pd.concat([direct, similar], ignore_index=True)
    annotations["tf"] = [genes[tf] for tf in annotations["tf"]]
    annotations["annotation"] = "annotated"
    return targets, annotations[motif_table.ANNOTATIONS]


def simulate_modules(
    targets: list, n: int, rng: np.random.Generator, n_measured: int = N_MEASURED, n_genes: int = N_GENES
):
    """Return ``n`` modules: some of the factor's targets among random measured genes; some aren't ranked."""
    genes, modules = np.array(gene_names(n_genes), dtype=object), []
    for number in range(n):
        tf = number % len(targets)
        size = int(rng.integers(*SIZES[number % len(SIZES)]))
        own = targets[tf][targets[tf] < n_measured]
        own = own[rng.random(len(own)) < rng.choice([0.0, 0.1, 0.3, 0.6])][: size // 2]
        members = np.unique(np.r_[tf, own, rng.choice(n_measured, size=size - len(own), replace=False)])
        names = np.r_[genes[members], [f"UNRANKED{i}" for i in range(size // 50)]].astype(object)
        weights = np.where(names == genes[tf], 1.0, rng.gamma(2.0, 1.0, len(names)))
        modules.append(Module(genes[tf], f"criterion{number // len(targets)}", ACTIVATING, names, weights))
    return modules


def same_regulons(mine: pd.DataFrame, reference: pd.DataFrame) -> bool:
    """Return whether two tables of regulons have the same regulons and targets, weights within 1e-6."""
    if (
        len(mine) != len(reference)
        or not (mine[["regulon", "target"]].values == reference[["regulon", "target"]].values).all()
    ):
        return False
    return bool(np.allclose(mine["weight"], reference["weight"], rtol=0, atol=1e-6))


def same_motifs(mine: pd.DataFrame, reference: pd.DataFrame) -> bool:
    """Return whether two tables of motifs agree: motifs, ends of leading edges, targets in order; NES within 1e-9."""
    exact = ["tf", "sign", "criterion", "database", "motif", "rank_at_max"]
    if len(mine) != len(reference) or not (mine[exact].values == reference[exact].values).all():
        return False
    return mine["targets"].tolist() == reference["targets"].tolist() and np.allclose(
        mine["nes"], reference["nes"], rtol=1e-9
    )


def measure_pruning(n_modules: int = 500, seed: int = 0, sizes: dict | None = None, say=print) -> dict:
    """Return the flat keys pruning_*: pySCENIC's own database class and default implementation against ours."""
    from scripts.regulons import pyscenic_compat as compat

    rng = np.random.default_rng(seed)
    sizes = {"n_motifs": N_MOTIFS, "n_genes": N_GENES, "n_tfs": N_TFS} | (sizes or {})
    n_measured = sizes["n_genes"] * 3 // 4
    settings = SETTINGS | {"rank_threshold": min(SETTINGS["rank_threshold"], sizes["n_genes"] // 4)}
    transform = compat.pyscenic.transform
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "synthetic.genes_vs_motifs.rankings.feather"
        targets, annotations = simulate_database(path, rng, **sizes)
        modules = simulate_modules(targets, n_modules, rng, n_measured, sizes["n_genes"])
        measured = gene_names(sizes["n_genes"])[:n_measured]
        start = time.perf_counter()
        native = cistarget.Database.load(path, measured, name="synthetic")
        load_native = time.perf_counter() - start
        start = time.perf_counter()
        with compat.on_current_packages():
            reference = compat.ctxcore.rnkdb.MemoryDecorator(compat.ctxcore.rnkdb.opendb(str(path), name="synthetic"))
        load_reference = time.perf_counter() - start
        say(
            f"database {sizes['n_motifs']} motifs × {sizes['n_genes']} genes, loaded in {load_native:.1f} s; "
            f"by pySCENIC in {load_reference:.1f} s"
        )
        regulons, table = [compat.to_regulon(module) for module in modules], compat.to_annotations(annotations)
        features = partial(
            transform.module2features_auc1st_impl,
            **{k: settings[k] for k in ("rank_threshold", "auc_threshold", "nes_threshold")},
            filter_for_annotation=True,
        )
        prune = partial(
            cistarget.prune, databases=[native], annotations=annotations, leading_edge="pyscenic", **settings
        )
        prune(modules[:4])  # compiles
        with compat.on_current_packages():
            transform.modules2df(reference, regulons[:2], table, module2features_func=features)
        ours, theirs, times = [], [], []
        for at in range(0, n_modules, CHUNK):
            start = time.perf_counter()
            ours.append(prune(modules[at : at + CHUNK]))
            middle = time.perf_counter()
            with compat.on_current_packages():
                frames = [
                    transform.module2df(reference, r, table, module2features_func=features)
                    for r in regulons[at : at + CHUNK]
                ]
            times.append((middle - start, time.perf_counter() - middle))
            theirs += [
                compat.from_motifs(frame, module, "synthetic")
                for frame, module in zip(frames, modules[at : at + CHUNK], strict=True)
                if len(frame)
            ]
        mine = pd.concat(ours, ignore_index=True)
        whole = pd.concat(theirs, ignore_index=True)
        identical = same_motifs(mine, whole) and same_regulons(
            cistarget.regulons_from_motifs(mine), compat.regulons_from_motifs(whole)
        )
        sound = cistarget.regulons_from_motifs(
            cistarget.prune(modules, [native], annotations, leading_edge="motif", **settings)
        )
        mixed = cistarget.regulons_from_motifs(mine)
        edges = [set(zip(t["regulon"], t["target"], strict=True)) for t in (sound, mixed)]
        seconds = np.array(times) / CHUNK
        per_native, per_reference = np.median(seconds, axis=0)
        alone = peak_of_pruning(path, annotations, n_measured, sizes["n_tfs"], seed)
        return {
            "pruning_modules": n_modules,
            "pruning_modules_enriched": int(mine.groupby(["tf", "criterion"]).ngroups),
            "pruning_motifs_found": len(mine),
            "pruning_ms_native": 1e3 * float(per_native),
            "pruning_ms_pyscenic": 1e3 * float(per_reference),
            "pruning_speedup": float(np.median(seconds[:, 1] / seconds[:, 0])),
            "pruning_identical": bool(identical),
            "pruning_load_s_native": load_native,
            "pruning_load_s_pyscenic": load_reference,
            "pruning_network_minutes_pyscenic_extrapolated": NETWORK_MODULES * float(per_reference) / 60,
            "pruning_edges_sound": len(edges[0]),
            "pruning_edges_shared_with_pyscenic": len(edges[0] & edges[1]),
            "pruning_edges_only_in_pyscenic": len(edges[1] - edges[0]),
            "pruning_peak_mb": alone["peak_mb"],
            "pruning_network_minutes_native": alone["seconds"] / 60,
            "pruning_network_modules": alone["modules"],
        }


def peak_of_pruning(path: Path, annotations: pd.DataFrame, n_measured: int, n_tfs: int, seed: int) -> dict:
    """Return what a process of its own says that loads the database and prunes a whole network's modules."""
    table = path.with_suffix(".annotations.parquet")
    annotations.to_parquet(table)
    command = [sys.executable, __file__, "--peak", str(path), str(table), str(n_measured), str(n_tfs), str(seed)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def read_peak() -> float:
    """Return this process's peak resident memory in MB. Not from getrusage: that starts from the parent's peak."""
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024


def prune_alone(path: str, annotations: str, n_measured: str, n_tfs: str, seed: str) -> None:
    """Load and prune in this process and print its peak memory: as many modules as a whole network has."""
    table = pd.read_parquet(annotations)
    measured = gene_names(int(n_measured))
    database = cistarget.Database.load(path, measured)
    rng = np.random.default_rng(int(seed))
    # The same first draws as the database's, so that modules hold their factors' targets here too.
    targets = draw_targets(rng, database.total_genes, int(n_tfs))
    modules = simulate_modules(targets, NETWORK_MODULES, rng, int(n_measured), database.total_genes)
    settings = SETTINGS | {"rank_threshold": min(SETTINGS["rank_threshold"], database.total_genes // 4)}
    start = time.perf_counter()
    found = cistarget.prune(modules, [database], table, **settings)
    seconds = time.perf_counter() - start
    print(json.dumps({"peak_mb": read_peak(), "modules": len(modules), "motifs": len(found), "seconds": seconds}))


def simulate_cells(n_cells: int, n_genes: int, density: float, rng: np.random.Generator) -> sparse.csr_matrix:
    """Return log1p counts per 10,000 of cells whose genes have log-normal means, ``density`` of them detected."""
    mean = rng.lognormal(0.0, 1.5, n_genes)
    depth = rng.lognormal(0.0, 0.3, n_cells)
    low, high = 1e-6, 1e2
    for _ in range(60):  # the scale at which Poisson counts have this density
        middle = np.sqrt(low * high)
        low, high = (middle, high) if (1 - np.exp(-middle * mean)).mean() < density else (low, middle)
    blocks = [sparse.csr_matrix(rng.poisson(low * depth[i : i + 500, None] * mean)) for i in range(0, n_cells, 500)]
    counts = sparse.vstack(blocks).tocsr().astype(np.float32)
    counts = sparse.diags(1e4 / np.maximum(np.asarray(counts.sum(axis=1)).ravel(), 1)) @ counts
    return sparse.csr_matrix(counts.log1p(), dtype=np.float32)


def measure_aucell(
    n_cells: int = 1_000, n_genes: int = N_MEASURED, n_regulons: int = 500, repetitions: int = 5, seed: int = 0
) -> dict:
    """Return the flat keys aucell_*: seconds per 1,000 cells × ``n_regulons``, one thread each."""
    from scripts.regulons import pyscenic_compat as compat

    rng = np.random.default_rng(seed)
    matrix, genes = simulate_cells(n_cells, n_genes, 0.08, rng), gene_names(n_genes)
    regulons = {}
    for number in range(n_regulons):
        chosen = rng.choice(n_genes, size=int(rng.integers(10, 200)), replace=False)
        regulons[f"TF{number}(+)"] = dict(
            zip([genes[i] for i in chosen], rng.gamma(2.0, 1.0, len(chosen)).tolist(), strict=True)
        )
    aucell.score(matrix[:10], genes, regulons, seed=seed)  # compiles
    times, difference = [], 0.0
    for _ in range(repetitions):
        start = time.perf_counter()
        ours = aucell.score(matrix, genes, regulons, seed=seed)
        middle = time.perf_counter()
        theirs = compat.score_cells(matrix, genes, regulons, seed=seed)
        times.append((middle - start, time.perf_counter() - middle))
        difference = max(difference, float(np.abs(ours.to_numpy() - theirs.to_numpy()).max()))
    seconds = np.array(times) * 1_000 / n_cells
    return {
        "aucell_s_native": float(np.median(seconds[:, 0])),
        "aucell_s_pyscenic": float(np.median(seconds[:, 1])),
        "aucell_speedup": float(np.median(seconds[:, 1] / seconds[:, 0])),
        "aucell_max_abs_difference": difference,
        "aucell_density": matrix.nnz / (n_cells * n_genes),
    }


def main() -> None:
    """Measure both and print one line a figure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--modules", type=int, default=500)
    parser.add_argument("--cells", type=int, default=1_000)
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--peak", nargs=5, metavar=("DATABASE", "ANNOTATIONS", "MEASURED", "TFS", "SEED"))
    options = parser.parse_args()
    if options.peak:
        prune_alone(*options.peak)
        return
    for name, value in {
        **measure_aucell(options.cells, repetitions=options.repetitions),
        **measure_pruning(options.modules),
    }.items():
        print(f"{name:48s} {value if isinstance(value, bool | int) else format(value, '.4g')}")


if __name__ == "__main__":
    main()
