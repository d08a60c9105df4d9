"""The ground truth of the demo study: genes, regulons and states, from config/demo/network.yaml and one seed.

All other data (genomes, reads, profiles, databases, truth tables) are derived from a :class:`Plan`. The same seed
therefore always gives the same study, and each job has its own independent random stream.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

BASE = {"ribosomal": 2.6, "housekeeping": 1.3, "mitochondrial": 2.2, "factor": 1.1, "decoy": 1.3, "target": 0.85}
"""Relative mean expression of each gene class (1 = an average gene)."""
MRNA_RESPONSE = 1.3
"""Increase of a factor's own mRNA if it is active (natural log)."""


def stream(seed: int, *names: str) -> np.random.Generator:
    """Return the random generator of one named part of the study, independent of all others."""
    digest = hashlib.sha256("/".join([str(seed), *names]).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:8], "little"))


@dataclass(frozen=True)
class Plan:
    """The planted study. ``genes`` is indexed by ``gene_id``; ``edges`` lists tf, target, weight (log response to full
    activity).
    """

    network: dict
    genes: pd.DataFrame
    edges: pd.DataFrame
    seed: int

    @property
    def factors(self) -> list[str]:
        """All transcription factors, planted ones first."""
        return [*self.network["regulons"], *self.network["decoys"]]

    def without_clusters(self) -> Plan:
        """Return the same study without planted clusters of tumour cells."""
        return replace(self, network=self.network | {"clusters": {}})

    def of_species(self, species: str) -> pd.DataFrame:
        """Return the genes of ``graft`` or ``host`` in genome order."""
        return self.genes[self.genes["species"] == species]


def load_plan(path: str | Path, seed: int) -> Plan:
    """Read the network and draw base expression and response strengths."""
    network = yaml.safe_load(Path(path).read_text())
    rng = stream(seed, "genes")
    rows: dict[str, tuple[str, str, float]] = {}

    def add(symbol: str, programme: str, kind: str) -> None:
        if symbol not in rows:
            rows[symbol] = ("graft", programme, BASE[kind] * rng.lognormal(0, 0.25))

    for tf, regulon in network["regulons"].items():
        add(tf, regulon["role"], "factor")
    for tf in network["decoys"]:
        add(tf, "decoy", "decoy")
    for tf, regulon in network["regulons"].items():
        for target in regulon["targets"]:
            add(target, f"{regulon['role']}:{tf}", "target")
    for arm, symbols in network["arm_programmes"].items():
        for symbol in symbols:
            add(symbol, f"arm:{arm}", "target")
    for kind in ("housekeeping", "ribosomal"):
        for symbol in network[kind]:
            add(symbol, kind, kind)
    for symbol in network["mitochondrial"]:
        add(f"MT-{symbol}", "mitochondrial", "mitochondrial")
    shared = set(network["shared_family"].values())
    graft = [(s, *row) for s, row in rows.items()]
    host = [
        (s, "host", kind, 1.6 * rng.lognormal(0, 0.3)) for kind, symbols in network["host"].items() for s in symbols
    ]
    host += [
        (s.capitalize(), "host", "ribosomal", BASE["ribosomal"] * rng.lognormal(0, 0.25)) for s in network["ribosomal"]
    ]
    host += [
        (s.capitalize(), "host", "housekeeping", BASE["housekeeping"] * rng.lognormal(0, 0.25))
        for s in network["housekeeping"][:60]
        if s.capitalize() not in network["shared_family"]
    ]
    host += [(s, "host", "housekeeping", BASE["housekeeping"]) for s in network["shared_family"]]
    host += [
        (f"mt-{s.capitalize()}", "host", "mitochondrial", BASE["mitochondrial"] * rng.lognormal(0, 0.25))
        for s in network["mitochondrial"]
    ]
    genes = pd.DataFrame(graft + host, columns=["symbol", "species", "programme", "base"])
    for name, cluster in network["clusters"].items():
        genes.loc[genes["symbol"].isin(cluster["genes"]) & genes["species"].eq("graft"), "programme"] = (
            f"cluster:{name}"
        )
    genes["shared"] = genes["symbol"].isin(shared | set(network["shared_family"]))
    number = genes.groupby("species").cumcount() + 1
    prefix = genes["species"].map({"graft": "ENSG", "host": "ENSMUSG"})
    genes.index = pd.Index(prefix + number.map("{:011d}".format), name="gene_id")
    edges = [(tf, target, rng.uniform(0.9, 1.7)) for tf, r in network["regulons"].items() for target in r["targets"]]
    return Plan(network, genes, pd.DataFrame(edges, columns=["tf", "target", "weight"]), seed)


@dataclass(frozen=True)
class Cells:
    """Simulated graft cells: ``expression`` cells × graft genes (mean share of the cell's RNA), ``states`` one row per
    cell.
    """

    expression: np.ndarray
    states: pd.DataFrame

    def labelled(self, **labels: str) -> Cells:
        """Return the same cells with further columns of states."""
        return Cells(self.expression, self.states.assign(**labels))


def simulate_graft_cells(
    plan: Plan, model: str, timepoint: str, arm: str, n_cells: int, rng: np.random.Generator
) -> Cells:
    """Draw each cell's factor activities, and calculate the mean expression of every graft gene (rows sum to 1)."""
    genes = plan.of_species("graft")
    column = {symbol: i for i, symbol in enumerate(genes["symbol"])}
    log_mean = np.log(genes["base"].to_numpy())[None, :] + rng.normal(0, 0.12, (n_cells, len(genes)))
    # The model's own offsets are the same in all its samples, so they are drawn from the model's random stream.
    log_mean += (
        stream(plan.seed, "model", model).normal(0, 0.25, len(genes))[None, :]
        * ~genes["programme"].eq("factor").to_numpy()
    )
    states = {}
    # Drawn apart, so that the activity of factors does not depend on the clusters that are planted.
    apart = rng.spawn(1)[0] if plan.network["clusters"] else rng
    for name, cluster in plan.network["clusters"].items():
        inside = apart.random(n_cells) < cluster["share"][timepoint]
        log_mean[:, [column[gene] for gene in cluster["genes"]]] += (cluster["gain"] * inside)[:, None]
        states[f"cluster_{name}"] = inside.astype(int)
    response = dict(list(plan.edges.groupby("tf")))
    cycle = rng.random(n_cells)
    for tf, regulon in plan.network["regulons"].items():
        share = regulon["active"][timepoint]
        if model not in regulon.get("models", [model]):
            share = 0.03
        if tf == "E2F1":
            on = cycle < share
        elif tf == "FOXM1":
            on = cycle > 1 - share
        else:
            on = rng.random(n_cells) < share
        mrna = np.where(on, 1.0, 0.0)
        log_mean[:, column[tf]] += MRNA_RESPONSE * mrna + rng.normal(0, 0.25, n_cells)
        activity = regulon["gain"][timepoint] * mrna * rng.lognormal(0, 0.15, n_cells)
        states[tf] = activity
        targets = response[tf]
        log_mean[:, [column[t] for t in targets["target"]]] += activity[:, None] * targets["weight"].to_numpy()[None, :]
    for tf in plan.network["decoys"]:
        log_mean[:, column[tf]] += MRNA_RESPONSE * (rng.random(n_cells) < 0.4) + rng.normal(0, 0.25, n_cells)
    if timepoint != "untreated":
        programme = [column[s] for s in plan.network["arm_programmes"].get(arm, [])]
        log_mean[:, programme] += 0.9 if timepoint == "persister" else 0.2
    mean = np.exp(log_mean)
    phase = np.where(states["E2F1"] > 0, "S", np.where(states["FOXM1"] > 0, "G2M", "G1"))
    return Cells(mean / mean.sum(1, keepdims=True), pd.DataFrame(states).assign(phase=phase))


def host_shares(plan: Plan, timepoint: str) -> dict[str, float]:
    """Return the share of each type of stroma at a timepoint: shares times changes of the network, of sum 1."""
    changes = plan.network["host_changes"].get(timepoint, {})
    weights = {kind: share * changes.get(kind, 1) for kind, share in plan.network["host_shares"].items()}
    return {kind: weight / sum(weights.values()) for kind, weight in weights.items()}


def simulate_host_cells(plan: Plan, timepoint: str, n_cells: int, rng: np.random.Generator) -> Cells:
    """Simulate stroma: each cell has one type, whose genes are high, and the other types' genes are nearly silent."""
    genes = plan.of_species("host")
    shares = host_shares(plan, timepoint)
    kinds = list(shares)
    kind = rng.choice(len(kinds), n_cells, p=list(shares.values()))
    log_mean = np.log(genes["base"].to_numpy())[None, :] + rng.normal(0, 0.2, (n_cells, len(genes)))
    for number, name in enumerate(kinds):
        own = genes["programme"].eq(name).to_numpy()
        log_mean[:, own] += np.where(kind == number, 0.6, -3.0)[:, None]
    mean = np.exp(log_mean)
    return Cells(mean / mean.sum(1, keepdims=True), pd.DataFrame({"kind": np.array(kinds)[kind]}))
