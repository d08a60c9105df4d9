"""Matrices of libraries of full size, with the motif rankings that their regulons can be inferred from.

Cells of a tumour express regulons to different degrees; some regulons change in persisters. Genes have real symbols as
far as the shipped gene sets and pairs name any, so that scores and lineages are computed.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from scripts.references.barcodes import unpack

ROOT = Path(__file__).resolve().parents[2]
GENES = {"human": 20_000, "mouse": 16_000}
PREFIX = {"human": "GRCh38_", "mouse": "GRCm39_"}
FACTORS, PLANTED, TARGETS = 1_500, 60, 80
"""Transcription factors; those with targets of their own in these cells; targets of each."""
PERSISTER_UP = 12
"""Planted factors that are more active in persisters of all models."""
HOST_CELLS, UMIS, SPREAD = 0.15, 8_000, 0.45
"""Share of cells of the host; median UMIs of a cell and the standard deviation of their logarithm."""
DROPLETS, AMBIENT_UMIS = 200_000, 50
"""Empty droplets of a library and their mean UMIs."""
MITOCHONDRIAL = ("ND1", "ND2", "CO1", "CO2", "ATP8", "ATP6", "CO3", "ND3", "ND4L", "ND4", "ND5", "ND6", "CYB")
MITOCHONDRIAL_SHARE = 0.05
MOTIFS = 6_000
AT_ONCE = 500
"""Cells drawn at a time."""


@dataclass
class Plan:
    """Genes and regulons of all libraries: symbols by species, factors, and targets (positions) of the planted ones."""

    genes: dict[str, list[str]]
    factors: list[str]
    targets: np.ndarray


def column_of(path: Path, *names: str) -> list[str]:
    """Return the values of columns of a table, in order."""
    with path.open() as handle:
        return [row[name] for row in csv.DictReader(handle, delimiter="\t") for name in names]


def make_plan(seed: int) -> Plan:
    """Return genes, factors and targets."""
    rng = np.random.default_rng(seed)
    folder = ROOT / "resources"
    shipped = [symbol for path in sorted((folder / "genesets").glob("*.tsv")) for symbol in column_of(path, "gene")]
    pairs = column_of(folder / "stroma" / "ligand_receptor.tsv", "ligand", "receptor")
    mouse = column_of(folder / "stroma" / "orthologues.tsv", "mouse")
    factors = column_of(folder / "factors" / "families.tsv", "tf")
    mt = [f"MT-{name}" for name in MITOCHONDRIAL]
    genes = {}
    for species, letters in (("human", "GENE"), ("mouse", "Gene")):
        lower = [f"mt-{name}" for name in MITOCHONDRIAL]
        names = [*mt, *factors, *shipped, *pairs] if species == "human" else [*lower, *mouse]
        known = list(dict.fromkeys(names))
        genes[species] = known + [f"{letters}{number}" for number in range(GENES[species] - len(known))]
    known = list(dict.fromkeys(factors))[:FACTORS]
    more = [gene for gene in genes["human"][13:] if gene not in set(known)][: FACTORS - len(known)]
    targets = rng.choice(np.arange(FACTORS + 13, GENES["human"]), (PLANTED, TARGETS), replace=False)
    return Plan(genes, [*known, *more], targets)


def levels(plan: Plan, species: str, seed: int) -> np.ndarray:
    """Return the level of each gene, summing to one; 5 % of it mitochondrial."""
    rng = np.random.default_rng([seed, len(species)])
    level = rng.lognormal(0, 1.6, len(plan.genes[species]))
    level[13:] *= (1 - MITOCHONDRIAL_SHARE) / level[13:].sum()
    level[:13] *= MITOCHONDRIAL_SHARE / level[:13].sum()
    return level


def draw_cells(plan: Plan, model: int, state: str, cells: int, seed: int) -> sparse.csr_matrix:
    """Return counts of cells × genes of both species, tumour cells first."""
    rng = np.random.default_rng([seed, model, len(state), sum(map(ord, state))])
    own = np.random.default_rng([seed, model])
    host = round(HOST_CELLS * cells)
    human, mouse = levels(plan, "human", seed), levels(plan, "mouse", seed)
    human[13:] *= own.lognormal(0, 0.5, len(human) - 13)  # patients differ
    planted = np.array([plan.genes["human"].index(factor) for factor in plan.factors[:PLANTED]])
    human[planted] = np.quantile(human, 0.85)
    total = UMIS * rng.lognormal(0, SPREAD, cells)
    parts = []
    for start in range(0, cells - host, AT_ONCE):
        n = min(AT_ONCE, cells - host - start)
        activity = rng.gamma(1.5, 0.5, (n, PLANTED))
        if state == "persister":
            activity[:, :PERSISTER_UP] += 0.9
        rate = np.tile(human, (n, 1))
        for number in range(PLANTED):
            rate[:, plan.targets[number]] *= 0.4 + activity[:, [number]]
            rate[:, planted[number]] *= 0.3 + activity[:, number]
        rate *= (total[start : start + n] / rate.sum(axis=1))[:, None]
        parts.append(sparse.hstack([count(rate, rng), sparse.csr_matrix((n, len(mouse)), dtype=np.int32)]))
    lineage = np.random.default_rng([seed, 7]).lognormal(0, 1.0, (4, len(mouse)))
    for start in range(cells - host, cells, AT_ONCE):
        n = min(AT_ONCE, cells - start)
        rate = mouse * lineage[rng.integers(0, 4, n)]
        rate *= (total[start : start + n] / rate.sum(axis=1))[:, None]
        parts.append(sparse.hstack([sparse.csr_matrix((n, len(human)), dtype=np.int32), count(rate, rng)]))
    return sparse.vstack(parts).tocsr()


def count(rate: np.ndarray, rng: np.random.Generator) -> sparse.csr_matrix:
    """Return counts drawn at rates (cells × genes)."""
    return sparse.csr_matrix(rng.poisson(rate).astype(np.int32))


def draw_library(plan: Plan, model: int, state: str, cells: int, seed: int):
    """Return an AnnData of all droplets: cells, with ambient RNA of their own, and empty droplets."""
    import anndata

    counts = draw_cells(plan, model, state, cells, seed)
    rng = np.random.default_rng([seed, model, 99, sum(map(ord, state))])
    soup = np.asarray(counts.sum(axis=0)).ravel().astype(float)
    soup = np.cumsum(soup / soup.sum())
    droplets = DROPLETS + cells
    mean = AMBIENT_UMIS * rng.lognormal(0, 0.35, droplets)
    sizes = rng.poisson(mean)
    row = np.repeat(np.arange(droplets), sizes)
    gene = np.searchsorted(soup, rng.random(len(row))).clip(0, len(soup) - 1)
    ambient = sparse.coo_matrix((np.ones(len(row), np.int32), (row, gene)), shape=(droplets, len(soup))).tocsr()
    empty = sparse.csr_matrix((DROPLETS, len(soup)), dtype=np.int32)
    matrix = (sparse.vstack([counts, empty]).tocsr() + ambient).astype(np.int32)
    packed = rng.permutation(np.unique(rng.integers(0, 2**32, droplets + 10_000, dtype=np.uint32)))[:droplets]
    barcodes = unpack(packed).astype(str)
    genes = [PREFIX[species] + gene for species in GENES for gene in plan.genes[species]]
    order = rng.permutation(droplets)
    obs, var = pd.DataFrame(index=[f"{name}-1" for name in barcodes]), pd.DataFrame(index=genes)
    return anndata.AnnData(matrix[order], obs=obs, var=var)


def write_database(plan: Plan, folder: Path, seed: int) -> None:
    """Write rankings (MOTIFS × genes), the motif table and the list of factors; planted targets rank high."""
    import pyarrow as pa
    from pyarrow import feather

    rng = np.random.default_rng(seed)
    genes = plan.genes["human"]
    of_motif = np.r_[np.repeat(np.arange(PLANTED), 3), rng.integers(0, FACTORS, MOTIFS - 3 * PLANTED)]
    ranks = np.empty((MOTIFS, len(genes)), np.int16)
    for motif in range(MOTIFS):
        score = rng.standard_normal(len(genes), dtype=np.float32)
        if motif < 3 * PLANTED:
            score[plan.targets[of_motif[motif]]] += 3
        ranks[motif, np.argsort(-score)] = np.arange(len(genes), dtype=np.int16)
    motifs = [f"motif{number:05}" for number in range(MOTIFS)]
    columns = np.ascontiguousarray(ranks.T)
    table = pa.table({**dict(zip(genes, columns, strict=True)), "motifs": motifs})
    feather.write_feather(table, folder / "scale.genes_vs_motifs.rankings.feather", compression="zstd")
    told = pd.DataFrame({"#motif_id": motifs, "gene_name": np.array(plan.factors)[of_motif]})
    told["motif_name"] = told["motif_description"] = told["#motif_id"]
    told["source_name"], told["source_version"] = "scale", "1"
    told["motif_similarity_qvalue"], told["orthologous_identity"] = 0.0, 1.0
    told["similar_motif_id"] = told["similar_motif_description"] = "None"
    told["orthologous_gene_name"] = told["orthologous_species"] = "None"
    told["description"] = "gene is directly annotated"
    told.to_csv(folder / "motifs.tbl", sep="\t", index=False)
    (folder / "tfs.txt").write_text("".join(f"{factor}\n" for factor in plan.factors))
