"""Small studies to prune: expression with planted regulons, its network, and a ranking database that knows them."""

from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from scripts.demo.plan import load_plan, simulate_graft_cells, stream
from scripts.demo.simulate_databases import simulate_rankings
from scripts.scenic import cistarget

ROOT = Path(__file__).resolve().parents[2]


def write_database(
    path, ranks: pd.DataFrame, *, version: int = 2, compression: str = "zstd", index: str | None = "motifs"
) -> None:
    """Write motifs × genes as cisTarget does: genes are columns, the motifs' names the last one (the first in V1)."""
    import pyarrow as pa
    from pyarrow import feather

    columns = {gene: ranks[gene].to_numpy() for gene in ranks}
    names = {} if index is None else {index: ranks.index.to_list()}
    table = pa.table({**names, **columns} if version == 1 else {**columns, **names})
    feather.write_feather(table, path, version=version, **({} if version == 1 else {"compression": compression}))


def as_database(ranks: pd.DataFrame, name: str = "db") -> cistarget.Database:
    """Return the database that a file of these rankings (motifs × genes) would load as."""
    values = np.ascontiguousarray(ranks.to_numpy().T.astype(np.int16))
    return cistarget.Database(name, tuple(ranks.columns), tuple(ranks.index), values, ranks.shape[1])


def random_ranks(n_motifs: int, genes: list[str], seed: int, prefix: str = "m") -> pd.DataFrame:
    """Return rankings without any structure."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        [rng.permutation(len(genes)) for _ in range(n_motifs)],
        index=[f"{prefix}{i}" for i in range(n_motifs)],
        columns=genes,
    ).astype(np.int16)


def network_of(expression: np.ndarray, genes: list[str], tfs: list[str], decimals: int = 3) -> pd.DataFrame:
    """Return adjacencies in random order whose importance is the absolute correlation; few decimals make ties."""
    with np.errstate(invalid="ignore"):  # a constant gene
        rho = np.nan_to_num(np.corrcoef(expression.T))
    column = {gene: i for i, gene in enumerate(genes)}
    rows = [
        (tf, gene, round(abs(rho[column[tf], column[gene]]), decimals)) for tf in tfs for gene in genes if gene != tf
    ]
    table = pd.DataFrame(rows, columns=["TF", "target", "importance"])
    return table.sample(frac=1, random_state=0).reset_index(drop=True)


def simulate_demo(n_cells: int = 150) -> dict:
    """Return the demo study's expression, network, database and annotations in small."""
    plan = load_plan(ROOT / "config/demo/network.yaml", 1)
    model, rng = "HBCx95", stream(1, "tests", "scenic")
    parts = [simulate_graft_cells(plan, model, t, "untreated", n_cells, rng) for t in ("untreated", "persister")]
    share = np.vstack([part.expression for part in parts])
    expression = np.log1p(rng.poisson(share * 5_000)).astype(np.float32)
    genes = plan.of_species("graft")["symbol"].tolist()
    ranks, table = simulate_rankings(plan, stream(1, "motifs"))
    return {
        "genes": genes,
        "expression": sparse.csr_matrix(expression),
        "adjacencies": network_of(expression, genes, plan.factors),
        "ranks": ranks,
        "table": table,
        "edges": plan.edges,
    }
