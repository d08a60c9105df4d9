"""Whole studies at the level of count matrices, from the demo's planted network: with a programme, without, and lame.

What :func:`simulate` draws is what the stage regulons would hand over: counts of kept tumour cells per library, and
regulons that are mostly right. No reads, no network inference, so that twenty studies take seconds.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from scripts.base.genesets import read_sets
from scripts.cells import lineages, malignant
from scripts.demo import plan as demo

ROOT = Path(__file__).parents[2]
NETWORK = ROOT / "config" / "demo" / "network.yaml"
MODELS = ["HBCx95", "HBCx39", "HBCx172", "HBCx221", "HBCx218", "HBCx14", "HBCx10", "HBCx33"]
LABELS = ["model", "timepoint", "arm", "replicate"]
CONTRAST = {"baseline": "untreated", "persister": "persister", "relapse": "relapse"}
KINDS = ("persister", "none", "cycle", "stress")
CHANGES = {
    "none": {},
    "cycle": {"E2F1": (0.35, 0.06), "FOXM1": (0.28, 0.04)},
    "stress": {"EGR1": (0.15, 0.75)},
}
"""Share of cells with an active factor, untreated and persister, where only these factors change."""
BETWEEN = 0.25
"""Spread of that share between samples (sd of its logit)."""
LOST, FALSE = 0.2, 0.25
"""Share of a regulon's planted targets that it lacks, and false ones among what it has next to."""
PROGRAMME_SHARE = 0.1
"""Share of false targets that belong to the programme: about the share of a genome's genes that a strong one moves, of
the demo's few genes it is a third.
"""
DECOYS = 10
STRONG, WEAK = (5.0, 15.0), (2.0, 4.0)
"""Weights of true and of false edges: the latter depend on chance and are weak."""
DEPTH = 1_500
MARKER_SHARE = 0.04
"""Share of a normal cell's RNA that the markers of its lineage make (macrophages and fibroblasts: 3 to 10 %)."""
LINEAGES = {"immune": "SPI1", "fibroblast": "TWIST2"}
"""Normal lineages of a simulated tumour, and a factor whose regulon they bring."""


@dataclass(frozen=True)
class Study:
    """A simulated study: sheet (index sample), counts by library (cells × genes, CSR), genes, edges as in
    consensus.tsv, planted factors (+1 on in persisters, −1 off).
    """

    sheet: pd.DataFrame
    counts: dict[str, sparse.csr_matrix]
    genes: list[str]
    edges: pd.DataFrame
    planted: dict[str, int]


@cache
def load(seed: int):
    return demo.load_plan(NETWORK, seed).without_clusters()


def network_of(network: dict, kind: str, rng: np.random.Generator) -> dict:
    """Return the network of one sample: what changes with treatment, and the sample's own share of active cells."""
    own = copy.deepcopy(network)
    for tf, regulon in own["regulons"].items():
        if kind != "persister":
            untreated, treated = CHANGES[kind].get(tf, (regulon["active"]["untreated"],) * 2)
            regulon["active"] = {"untreated": untreated, "persister": treated, "relapse": untreated}
            regulon["gain"] = dict.fromkeys(regulon["gain"], regulon["gain"]["untreated"])
        logit = rng.normal(0, BETWEEN)
        for timepoint, share in regulon["active"].items():
            regulon["active"][timepoint] = 1 / (1 + np.exp(-(np.log(share / (1 - share)) + logit)))
    if kind != "persister":
        own["arm_programmes"] = {}
    return own


def noisy_edges(plan, rng: np.random.Generator) -> pd.DataFrame:
    """Return regulons of planted factors (a part of the targets lost, false ones added) and of decoys (all false)."""
    genes = plan.of_species("graft")
    pool = genes.loc[~genes["programme"].isin(["ribosomal", "mitochondrial"]), "symbol"].tolist()
    roles = ("persister_up", "persister_down")
    programme = {t for r in plan.network["regulons"].values() if r["role"] in roles for t in r["targets"]}
    likely = np.array([PROGRAMME_SHARE if gene in programme else 1.0 for gene in pool])
    likely[[gene in programme for gene in pool]] *= (likely == 1.0).sum() / (1 - PROGRAMME_SHARE) / len(programme)
    rows = []
    for tf in [*plan.network["regulons"], *plan.network["decoys"][:DECOYS]]:
        planted = plan.network["regulons"].get(tf, {}).get("targets", [])
        kept = [target for target in planted if rng.random() > LOST]
        n = round(FALSE * len(kept)) if kept else 15
        free = [gene not in planted and gene != tf for gene in pool]
        chance = likely * free / (likely * free).sum()
        false = [str(gene) for gene in rng.choice(pool, n, replace=False, p=chance)]
        for target in [*kept, *false]:
            rows.append(
                (f"{tf}(+)", tf, target, rng.uniform(*STRONG) if target in planted else rng.uniform(*WEAK), 3, 3)
            )
    return pd.DataFrame(rows, columns=["regulon", "tf", "target", "weight", "seeds", "groups"])


def sheet_of(
    n_models: int, relapse: int = 2, replicates: dict[str, int] | None = None, arms=("capecitabine", "AC")
) -> pd.DataFrame:
    """Return a sheet: the models take turns in the arms, the first ``relapse`` have a relapse; ``replicates``: more
    libraries per timepoint of single models.
    """
    rows = []
    for number, model in enumerate(MODELS[:n_models]):
        arm = arms[number % len(arms)]
        for replicate in range(1, (replicates or {}).get(model, 1) + 1):
            rows.append((f"{model}_untreated{replicate}", model, "untreated", "untreated", str(replicate)))
            rows.append((f"{model}_{arm}{replicate}", model, "persister", arm, str(replicate)))
        if number < relapse:
            rows.append((f"{model}_relapse", model, "relapse", arm, "1"))
    return pd.DataFrame(rows, columns=["sample", *LABELS]).set_index("sample").assign(assay="scrna")


def add_normal_cells(
    counts: dict[str, sparse.csr_matrix], genes: list[str], sheet: pd.DataFrame, normal: dict[str, float], rng
) -> tuple[dict[str, sparse.csr_matrix], list[str], list[tuple]]:
    """Return counts with macrophages and fibroblasts among the cells (last), the genes with their markers, and edges.

    ``normal``: share of normal cells by timepoint, half of them of either lineage; it varies between samples. A
    lineage's expression differs from the tumour's in three genes of ten, by a log-normal factor.
    """
    sets = read_sets([lineages.PANEL])
    added = [gene for lineage in LINEAGES for gene in sorted(sets[lineage]) if gene not in genes] + list(
        LINEAGES.values()
    )
    every = [*genes, *added]
    base = np.asarray(sum(part.sum(axis=0) for part in counts.values()), dtype=float).ravel()
    profiles, edges = {}, []
    for lineage, factor in LINEAGES.items():
        fold = np.where(rng.random(len(genes)) < 0.3, rng.lognormal(0, 1.2, len(genes)), 1.0)
        own = np.r_[base * fold / (base * fold).sum() * (1 - MARKER_SHARE), np.full(len(added), 1e-6)]
        markers = [gene for gene in sorted(sets[lineage]) if gene in added]
        own[[every.index(gene) for gene in (*markers, factor)]] = MARKER_SHARE / (len(markers) + 1)
        profiles[lineage] = own / own.sum()
        risen = [genes[i] for i in np.argsort(-fold)[:15]]
        edges += [(f"{factor}(+)", factor, gene, rng.uniform(*STRONG), 3, 3) for gene in (*markers[:15], *risen)]
    found = {}
    for sample, part in counts.items():
        share = normal[sheet.at[sample, "timepoint"]]
        share = 1 / (1 + np.exp(-(np.log(share / (1 - share)) + rng.normal(0, BETWEEN))))
        n = round(part.shape[0] * share / (1 - share))
        kinds = rng.choice(list(LINEAGES), n)
        depth = np.median(np.asarray(part.sum(axis=1))) * rng.lognormal(0, 0.3, (n, 1))
        own = rng.poisson(np.array([profiles[kind] for kind in kinds]).reshape(n, len(every)) * depth)
        # Markers in tumour cells: next to nothing.
        plain = sparse.csr_matrix(rng.poisson(0.002, (part.shape[0], len(added))).astype(np.int32))
        rows = [sparse.hstack([part, plain]), sparse.csr_matrix(own.astype(np.int32))]
        found[sample] = sparse.vstack(rows).tocsr()
    return found, every, edges


def simulate(
    seed: int,
    kind: str = "persister",
    sheet: pd.DataFrame | None = None,
    n_cells: int = 90,
    depth: float = 1.0,
    normal: dict[str, float] | None = None,
) -> Study:
    """Return a study of ``kind``: with the planted persister programme, without any, or with cycle or stress alone.

    ``depth``: that of the persister samples as a share of the others'. ``normal``: share of normal cells by timepoint,
    which tumours without a host have (:func:`add_normal_cells`).
    """
    plan = load(seed)
    rng = demo.stream(seed, "study", kind)
    sheet = sheet_of(5 + seed % 4) if sheet is None else sheet
    genes = plan.of_species("graft")["symbol"].tolist()
    counts = {}
    for sample, row in sheet.iterrows():
        own = demo.Plan(network_of(plan.network, kind, rng), plan.genes, plan.edges, plan.seed)
        cells = demo.simulate_graft_cells(own, row["model"], row["timepoint"], row["arm"], n_cells, rng)
        own_depth = DEPTH * rng.lognormal(0, 0.2) * rng.lognormal(0, 0.3, n_cells)
        own_depth *= depth if row["timepoint"] == "persister" else 1.0
        counts[sample] = sparse.csr_matrix(rng.poisson(cells.expression * own_depth[:, None]).astype(np.int32))
    planted = {}
    if kind == "persister":
        roles = {"persister_up": 1, "persister_down": -1}
        planted = {tf: roles[r["role"]] for tf, r in plan.network["regulons"].items() if r["role"] in roles}
    edges = noisy_edges(plan, rng)
    if normal:
        counts, genes, own = add_normal_cells(counts, genes, sheet, normal, rng)
        edges = pd.concat([edges, pd.DataFrame(own, columns=edges.columns)], ignore_index=True)
    return Study(sheet, counts, genes, edges, planted)


def without_normal_cells(study: Study) -> Study:
    """Return the study with the malignant cells alone, as the stage cells names them."""
    kept = {}
    for sample, counts in study.counts.items():
        found = malignant.judge(counts, pd.Index(study.genes))
        kept[sample] = counts[found.verdict == malignant.MALIGNANT]
    return replace(study, counts=kept)
