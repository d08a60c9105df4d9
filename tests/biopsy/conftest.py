"""Libraries of the demo's simulator as matrices, a reference frozen from five models of it, and biopsies to score."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import anndata
import numpy as np
import pandas as pd
import pytest

from scripts.biopsy import freeze, reference, score_biopsy
from scripts.demo.plan import load_plan
from scripts.demo.simulate_molecules import simulate_droplets
from scripts.profiles import pseudobulk
from scripts.published import terms
from scripts.stroma import shares
from scripts.study import reference_manifest

ROOT = Path(__file__).parents[2]
STATES = ("untreated", "persister")
MODELS = {"HBCx95": 0.08, "HBCx39": 0.05, "HBCx172": 0.27, "HBCx221": 0.12, "HBCx218": 0.18}
"""Training models and their ambient RNA, as in the demo."""
SETTINGS = {"min_cells": 20, "level": 0.95, "seed": 0}
ACTIVITY = {
    "engine": "native", "activity_score": "scaled_mean", "activity_auc_threshold": 0.2, "activity_own_gene": False,
    "max_target_share": 0.1,
}  # fmt: skip
PREFIXES = {"graft": "GRCh38_", "host": "GRCm39_"}
STUDY = {
    "timepoints": ["untreated", "persister", "relapse"],
    "contrast": {"baseline": "untreated", "persister": "persister", "relapse": "relapse"},
    "arms": [{"arm": "untreated", "drugs": []}, {"arm": "AC", "drugs": ["doxorubicin", "cyclophosphamide"]}],
    "models": [{"model": model, "arms": ["untreated", "AC"]} for model in MODELS],
    "cells": {"expected_cells": 400, "species": {"method": "ambient"},
              "empty_drops": {"min_counts": 150, "min_fraction_of_median": 0.05},
              "qc": {"method": "fixed", "min_counts": 250, "min_genes": 100}},
    "prefixes": PREFIXES,
}  # fmt: skip


@dataclass(frozen=True)
class Simulator:
    """Draws libraries of the planted study."""

    plan: object

    def droplets(self, model: str, *, seed: int, timepoint: str = "untreated", **changes) -> tuple:
        """Return molecules (droplets × genes of both species) and the truth about each droplet."""
        library = {"model": model, "timepoint": timepoint, "arm": "AC", "graft_cells": 230, "host_cells": 90}
        library |= {"ambient": 0.1, "doublet_rate": 0.05, "empty_droplets": 0} | changes
        return simulate_droplets(self.plan, pd.Series(library), np.random.default_rng(seed))

    def cells(self, model: str, sample: str, **kwargs):
        """Return single graft cells as the stage cells would keep them."""
        counts, truth = self.droplets(model, **kwargs)
        kept = ((truth["kind"] == "cell") & (truth["species"] == "graft")).to_numpy()
        genes = self.plan.of_species("graft")["symbol"]
        timepoint = kwargs.get("timepoint", "untreated")
        labels = {"sample": sample, "model": model, "timepoint": timepoint, "arm": "AC", "replicate": "1"}
        names = pd.Index([f"{sample}:{number}" for number in np.flatnonzero(kept)], name="cell")
        matrix = counts[kept][:, : len(genes)].astype(np.int32)
        cells = anndata.AnnData(
            matrix, obs=pd.DataFrame(labels, index=names), var=pd.DataFrame({"gene_id": genes.index}, index=list(genes))
        )
        if "timepoint" in truth:
            cells.obs["state"] = truth.loc[kept, "timepoint"].to_numpy()
        return cells

    def host_cells(self, model: str, sample: str, **kwargs):
        """Return single host cells as the stage cells would keep them, with the lineage that was planted."""
        counts, truth = self.droplets(model, **kwargs)
        kept = ((truth["kind"] == "cell") & (truth["species"] == "host")).to_numpy()
        labels = {"sample": sample, "model": model, "timepoint": kwargs.get("timepoint", "untreated"), "arm": "AC"}
        names = pd.Index([f"{sample}:{number}" for number in np.flatnonzero(kept)], name="cell")
        first = len(self.plan.of_species("graft"))
        var = pd.DataFrame(index=list(self.plan.of_species("host")["symbol"]))
        cells = anndata.AnnData(counts[kept][:, first:].astype(np.int32), obs=pd.DataFrame(labels, names), var=var)
        cells.obs["planted"] = truth.loc[kept, "stroma"].to_numpy()
        return cells

    def matrix(self, path: Path, model: str, **kwargs) -> pd.DataFrame:
        """Write a raw matrix of both species, genes prefixed, as .h5ad; return the truth about its droplets."""
        counts, truth = self.droplets(model, **kwargs)
        genes = self.plan.genes
        symbols = genes["species"].map(PREFIXES) + genes["symbol"]
        names = [
            f"{number:016d}".translate(str.maketrans("0123456789", "ACGTACGTAC")) + f"-{number}"
            for number in range(len(truth))
        ]
        var = pd.DataFrame({"symbol": symbols.to_numpy()}, index=genes["species"].map(PREFIXES) + genes.index)
        anndata.AnnData(counts.astype(np.int32), obs=pd.DataFrame(index=names), var=var).write_h5ad(path)
        return truth


def markers_of(signature: pd.DataFrame) -> pd.DataFrame:
    """Return a table as markers.tsv: two pools that share a panel, and genes that no final panel has."""
    best = signature.groupby("direction").head(8)[["gene", "direction", "rank"]]
    best = best.assign(in_final=["yes" if rank <= 5 else "no" for rank in best["rank"]], location="", assay="")
    return pd.concat([best.assign(pool="all genes"), best.assign(pool="surface", location="surface")])


@pytest.fixture(scope="session")
def simulator() -> Simulator:
    """Return the simulator of the demo's network."""
    return Simulator(load_plan(ROOT / "config" / "demo" / "network.yaml", 7).without_clusters())


def planted_tables(plan) -> dict[str, pd.DataFrame]:
    """Return what the stages before would find, as it was planted: regulons, switches, signature, markers."""
    network = plan.network["regulons"]
    edges = pd.DataFrame(
        [(tf, f"{tf}(+)", target, 1.0) for tf, regulon in network.items() for target in [*regulon["targets"], tf]],
        columns=["tf", "regulon", "target", "weight"],
    )
    directions = {"persister_up": "up", "persister_down": "down"}
    switches = [
        (
            tf,
            f"{tf}(+)",
            "shared switch" if r["role"] in directions else "no shared change",
            directions.get(r["role"], "up"),
        )
        for tf, r in network.items()
    ]
    signature = edges.merge(pd.DataFrame(switches, columns=["tf", "regulon", "verdict", "direction"]))
    signature = signature[signature["verdict"] == "shared switch"].drop_duplicates("target")
    signature = signature.assign(gene=signature["target"], rank=signature.groupby("direction").cumcount() + 1)
    return {
        "regulons": edges,
        "switches": pd.DataFrame(switches, columns=["tf", "regulon", "verdict", "direction"]),
        "signature": signature[["gene", "direction", "rank"]],
        "signature_left_out": pd.concat(
            [signature[["gene", "direction", "rank"]].assign(left_out=model) for model in MODELS]
        ),
        "markers": markers_of(signature),
    }


def tables_of_stroma(hosts: dict) -> dict[str, pd.DataFrame]:
    """Return what the stage stroma finds of the host's cells, and a place among published signatures."""
    labels = pd.concat([cells.obs for cells in hosts.values()]).astype(str)
    counted = shares.count(labels["planted"], labels, 20)
    change = shares.compare(counted, *STATES[:1], [*STATES[1:], "relapse"], limit=0.05)
    place = pd.DataFrame([("related", 0.6, 0.5, 0.7)], columns=["signature", "effect", "ci_low", "ci_high"])
    return {
        "stroma_shares": counted, "stroma_changes": change, "published": place.reindex(columns=terms.SIGNATURES),
    }  # fmt: skip


@pytest.fixture(scope="session")
def frozen(simulator, tmp_path_factory) -> reference.Reference:
    """Return the reference frozen from five models, untreated and persister (and relapse of two)."""
    folder = tmp_path_factory.mktemp("study")
    paths, hosts, sums = [], {}, {}
    for number, (model, ambient) in enumerate(MODELS.items()):
        states = [*STATES, "relapse"] if number in (0, 4) else STATES
        for state in states:
            sample = f"{model}_{state}"
            drawn = {"seed": 100 * number + len(state), "timepoint": state, "ambient": ambient}
            cells, hosts[sample] = simulator.cells(model, sample, **drawn), simulator.host_cells(model, sample, **drawn)
            hosts[sample].write_h5ad(folder / f"{sample}.host.h5ad")
            path = folder / f"{sample}.h5ad"
            cells.write_h5ad(path)
            paths.append(path)
            sums[sample] = (cells.obs.iloc[0], np.asarray(cells.X.sum(axis=0)).ravel(), cells.var_names)
    obs = pd.DataFrame({sample: row for sample, (row, _, _) in sums.items()}).T
    counts = pd.DataFrame({s: total for s, (_, total, _) in sums.items()}, index=next(iter(sums.values()))[2]).T
    values = pseudobulk.log_cpm(counts, pseudobulk.size_factors(counts))
    labels = obs[["model", "timepoint", "arm", "replicate"]].assign(platform="single-cell")
    anndata.AnnData(values.to_numpy(dtype="float32"), obs=labels, var=pd.DataFrame(index=counts.columns)).write_h5ad(
        folder / "profiles.h5ad"
    )
    inputs = {"cells": paths, "profiles": folder / "profiles.h5ad"}
    for name, table in (planted_tables(simulator.plan) | tables_of_stroma(hosts)).items():
        table.to_csv(folder / f"{name}.tsv", sep="\t", index=False)
        inputs[name] = folder / f"{name}.tsv"
    inputs["stroma_cells"] = [folder / f"{sample}.host.h5ad" for sample in hosts]
    stroma = {"kind": "host", "species": "mouse", "libraries": list(hosts)}
    stroma |= {"min_cells": 20, "max_cells": 500, "seed": 0}
    out = folder / "reference"
    out.mkdir()
    files = [out / name for name in (reference_manifest.MANIFEST, *reference_manifest.FILES)]
    given = {key: [str(p) for p in v] if isinstance(v, list) else str(v) for key, v in inputs.items()}
    settings = {"training_cells": 400, "seed": 0, "min_cell_fraction": 0.01, **ACTIVITY}
    freeze.main(
        SimpleNamespace(
            input=Inputs(given),
            output=[str(path) for path in files],
            params=SimpleNamespace(study=STUDY, settings=settings, level=0.95, note="", stroma=stroma),
            threads=1,
            resources={"tmpdir": str(folder)},
        )
    )
    return reference.load(out)


class Inputs(dict):
    """Inputs by name, as attributes too."""

    __getattr__ = dict.__getitem__


@pytest.fixture(scope="session")
def score(frozen):
    """Return a function that scores kept cells: scores by (section, item), and the cells' table."""

    def scored(cells, summary: dict | None = None) -> tuple[pd.DataFrame, pd.DataFrame]:
        known = {"cells_graft": cells.n_obs, "cells_host": 0} | (summary or {})
        scores, of_cells, _ = score_biopsy.score_cells(frozen, cells, known, SETTINGS, 1)
        return scores.set_index(["section", "item"]), of_cells

    return scored


@pytest.fixture(scope="session")
def options(frozen):
    """Return a function that gives the options of a call in a folder: the workflow from elsewhere, the reference."""

    def options(folder: Path, reference: Path = frozen.folder) -> list[str]:
        of_snakemake = ["--snakefile", str(ROOT / "Snakefile"), "--directory", str(folder)]
        return [*of_snakemake, "--config", f"reference={reference}", "--"]

    return options
