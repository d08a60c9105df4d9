"""Simulated studies of regulon activity with known truth: samples for the statistics, cells for the files."""

from __future__ import annotations

from types import SimpleNamespace

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

LABELS = ["model", "timepoint", "arm", "replicate"]


def sheet_of(rows: list[tuple]) -> pd.DataFrame:
    """Return a samples sheet of (sample, model, timepoint, arm[, replicate]) rows, all of single cells."""
    full = [(*row, "1")[:5] for row in rows]
    return pd.DataFrame(full, columns=["sample", *LABELS]).set_index("sample").assign(assay="scrna")


def paired_sheet(models: list[str], relapse: list[str] = (), arms: dict[str, list[str]] | None = None) -> pd.DataFrame:
    """Return a sheet with an untreated sample per model, and a persister (and relapse) sample per arm of it."""
    rows = []
    for model in models:
        rows.append((f"{model}_untreated", model, "untreated", "untreated"))
        for arm in (arms or {}).get(model, ["drug"]):
            rows.append((f"{model}_{arm}", model, "persister", arm))
            rows += [(f"{model}_{arm}_relapse", model, "relapse", arm)] if model in relapse else []
    return sheet_of(rows)


def activity_of(
    sheet: pd.DataFrame,
    effects: dict[str, float],
    rng: np.random.Generator,
    *,
    returns: float = 0.0,
    between: float = 0.1,
    n_cells: int = 150,
    arm_effects: dict[str, dict[str, float]] | None = None,
) -> pd.DataFrame:
    """Return cells × (labels and regulons): activity 0.2 with sd 0.05 between cells, shifted by ``effects`` (in sd) in
    persisters.

    ``returns``: the relapse's share of the shift. ``between``: how far a sample lies off (in sd). ``arm_effects``:
    shift by regulon in one arm only, on top.
    """
    parts = []
    for sample, row in sheet.iterrows():
        share = {"untreated": 0.0, "persister": 1.0, "relapse": returns}[row["timepoint"]]
        cells = pd.DataFrame({"sample": sample, **{label: row[label] for label in LABELS}}, index=range(n_cells))
        for regulon, effect in effects.items():
            total = effect + (arm_effects or {}).get(row["arm"], {}).get(regulon, 0.0)
            mean = 0.2 + 0.05 * (share * total + between * rng.normal())
            cells[regulon] = rng.normal(mean, 0.05, n_cells).astype("float32")
        cells.index = [f"{sample}_{i:04d}" for i in range(n_cells)]
        parts.append(cells)
    return pd.concat(parts).rename_axis("cell")


def cells_of(
    sheet: pd.DataFrame,
    sample: str,
    genes: list[str],
    changes: dict[str, float],
    rng: np.random.Generator,
    n_cells: int = 150,
) -> anndata.AnnData:
    """Return a library's counts; in persisters the genes change by the given log2 fold changes."""
    row = sheet.loc[sample]
    base = 2.0 * np.exp(np.sin(np.arange(len(genes))))
    on = row["timepoint"] == "persister"
    mean = base * 2.0 ** np.array([changes.get(gene, 0.0) if on else 0.0 for gene in genes])
    obs = pd.DataFrame(
        {"sample": sample, **{label: row[label] for label in LABELS}}, index=[f"{sample}:c{i}" for i in range(n_cells)]
    )
    counts = sparse.csr_matrix(rng.poisson(mean, size=(n_cells, len(genes))).astype(np.int32))
    return anndata.AnnData(counts, obs=obs, var=pd.DataFrame({"gene_id": genes}, index=genes))


def edges_of(regulons: dict[str, list[str]]) -> pd.DataFrame:
    """Return consensus regulons with weights that fall with the place in the list."""
    rows = [
        (f"{tf}(+)", tf, target, 10.0 / (1 + place), 3, 3)
        for tf, targets in regulons.items()
        for place, target in enumerate(targets)
    ]
    return pd.DataFrame(rows, columns=["regulon", "tf", "target", "weight", "seeds", "groups"])


@pytest.fixture(scope="session")
def simulate():
    return SimpleNamespace(
        sheet_of=sheet_of, paired_sheet=paired_sheet, activity_of=activity_of, cells_of=cells_of, edges_of=edges_of
    )
