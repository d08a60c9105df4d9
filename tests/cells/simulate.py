"""Droplets with known truth at the demo study's scale: cells of two species, doublets, ambient RNA, empty droplets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from scripts.cells import copy_numbers, lineages

GRAFT_GENES, HOST_GENES = 480, 200


@dataclass(frozen=True)
class Library:
    """Counts (barcodes × genes), gene table (symbol, species) and one truth row a barcode."""

    counts: sparse.csr_matrix
    genes: pd.DataFrame
    truth: pd.DataFrame

    @property
    def graft(self) -> np.ndarray:
        """UMIs in graft genes."""
        return np.asarray(self.counts[:, :GRAFT_GENES].sum(axis=1)).ravel()

    @property
    def host(self) -> np.ndarray:
        """UMIs in host genes."""
        return np.asarray(self.counts[:, GRAFT_GENES:].sum(axis=1)).ravel()

    def adata(self):
        """Return the library as counts/{sample}.h5ad holds it."""
        import anndata

        obs = pd.DataFrame(index=pd.Index(self.truth["barcode"], name="barcode"))
        return anndata.AnnData(self.counts.astype(np.int32), obs=obs, var=self.genes)


def gene_table() -> pd.DataFrame:
    """Return the genes; the first ten of each species are mitochondrial."""
    rows = [(f"ENSG{i:011d}", f"MT-{i}" if i < 10 else f"GENE{i}", "graft") for i in range(GRAFT_GENES)]
    rows += [(f"ENSMUSG{i:011d}", f"mt-{i}" if i < 10 else f"Gene{i}", "host") for i in range(HOST_GENES)]
    return pd.DataFrame(rows, columns=["gene_id", "symbol", "species"]).set_index("gene_id")


def simulate_library(
    *,
    seed: int,
    cells: int = 400,
    host_share: float = 0.35,
    ambient: float = 0.15,
    doublet_rate: float = 0.08,
    empties: int = 1_500,
    empty_umis: float = 40,
    graft_umis: float = 900,
    host_umis: float = 650,
    size_sd: float = 0.33,
    graft_types: int = 3,
) -> Library:
    """Draw a library.

    ``ambient`` is the soup's share of an average droplet with a graft cell; ``doublet_rate`` the share of droplets with
    cells that hold two, drawn without regard to species; ``empty_umis`` the mean of an empty droplet. The soup is the
    sum of all cells: what lysed cells would leave. Graft cells are of ``graft_types`` types that differ in a fifth of
    the genes.
    """
    rng = np.random.default_rng(seed)
    n_host = round(cells * host_share)
    n_graft = cells - n_host
    profiles = []
    for n_genes, n_types in ((GRAFT_GENES, graft_types), (HOST_GENES, 3)):
        base = rng.lognormal(0, 1.0, n_genes)
        kinds = np.tile(base, (n_types, 1))
        for kind in range(n_types):
            own = rng.choice(n_genes, n_genes // 5, replace=False)
            kinds[kind, own] *= rng.lognormal(0, 1.3, len(own))
        profiles.append(kinds / kinds.sum(1, keepdims=True))
    own = np.zeros((cells, GRAFT_GENES + HOST_GENES))
    kind = np.concatenate([rng.integers(graft_types, size=n_graft), rng.integers(3, size=n_host)])
    for cell in range(cells):
        is_graft = cell < n_graft
        size = (graft_umis if is_graft else host_umis) * rng.lognormal(0, size_sd)
        columns = slice(0, GRAFT_GENES) if is_graft else slice(GRAFT_GENES, None)
        shares = profiles[0 if is_graft else 1][kind[cell]]
        own[cell, columns] = rng.poisson(size * shares * rng.gamma(10, 0.1, len(shares)))
    soup = own.sum(0) / max(own.sum(), 1)
    order = rng.permutation(cells)
    n_doublets = round(doublet_rate * cells / (1 + doublet_rate))
    contents = [tuple(pair) for pair in order[: 2 * n_doublets].reshape(-1, 2)] + [
        (cell,) for cell in order[2 * n_doublets :]
    ]
    contents += [()] * empties
    per_droplet = ambient / (1 - ambient) * graft_umis
    counts, rows = np.zeros((len(contents), own.shape[1]), np.int64), []
    for number, inside in enumerate(contents):
        mean = (per_droplet if inside else empty_umis) * rng.lognormal(-0.03, 0.25)
        soup_umis = rng.poisson(soup * mean)
        counts[number] = soup_umis + own[list(inside)].sum(0).astype(int)
        species = {cell < n_graft for cell in inside}
        rows.append(
            {
                "kind": ("empty", "cell", "doublet")[len(inside)],
                "species": ""
                if not inside
                else "mixed"
                if len(species) == 2
                else "graft"
                if species == {True}
                else "host",
                "type": int(kind[inside[0]]) if len(inside) == 1 else -1,
                "same_type": len(inside) == 2 and kind[inside[0]] == kind[inside[1]],
                "ambient_umis": int(soup_umis.sum()),
            }
        )
    truth = pd.DataFrame(rows)
    truth["total"] = counts.sum(1)
    letters = np.array(list("ACGT"))
    truth["barcode"] = ["".join(letters[(number >> np.arange(0, 32, 2)) & 3]) for number in range(len(truth))]
    shuffle = rng.permutation(len(truth))
    return Library(sparse.csr_matrix(counts[shuffle]), gene_table(), truth.iloc[shuffle].reset_index(drop=True))


MARKERS = {
    "immune": ["PTPRC", "LAPTM5", "TYROBP", "AIF1", "CD14", "CSF1R", "FCER1G", "CD53"],
    "fibroblast": ["COL1A1", "COL1A2", "COL3A1", "DCN", "LUM", "PDGFRB"],
}
KINDS = {"immune": 40, "fibroblast": 20, "tumour": 150, "epithelium": 30}


def simulate_tumour(
    seed: int,
    *,
    depth: float = 4_000,
    n_genes: int = 7_000,
    arms: int = 6,
    kinds: dict[str, int] = KINDS,
    ambient: float = 0.1,
    expressed: tuple[str, ...] = (),
):
    """Return counts (AnnData, cells × genes) of normal cells and a tumour that has gained and lost ``arms`` arms.

    Lineages differ in three genes of ten, the tumour from its epithelium in one of ten next to the arms; markers make
    half a percent of a normal cell's UMIs, and soup of the library (its profile is in ``var``) makes the share
    ``ambient`` of every cell. The tumour expresses the markers ``expressed`` as the lineage does.
    """
    rng = np.random.default_rng(seed)
    places = copy_numbers.read_arms()
    names = [gene for genes in MARKERS.values() for gene in genes]
    free = places.index[~places.index.isin(lineages.panel_genes(places.index))]
    genes = [*names, *rng.choice(free, n_genes - len(names), replace=False)]
    places = places.loc[genes]
    base = rng.lognormal(0, 1.5, n_genes)
    base[: len(names)] = 0

    def other(profile: np.ndarray, share: float, spread: float) -> np.ndarray:
        changed = rng.random(n_genes) < share
        return profile * np.where(changed, rng.lognormal(0, spread, n_genes), 1.0)

    profiles = {kind: other(base, 0.3, 1.0) for kind in ("immune", "fibroblast", "epithelium")}
    large = places["arm"].value_counts().loc[lambda sizes: sizes >= 100].index
    dose = np.ones(n_genes)
    for number, arm in enumerate(rng.choice(np.sort(large), arms, replace=False)):
        dose[(places["arm"] == arm).to_numpy()] = 1.5 if number % 2 else 0.5
    profiles["tumour"] = other(profiles["epithelium"] * dose, 0.1, 1.0)
    for kind, own in MARKERS.items():
        profiles[kind][[genes.index(gene) for gene in own]] = 0.005 * profiles[kind].sum() / len(own)
    for gene in expressed:
        profiles["tumour"][genes.index(gene)] = 0.0006 * profiles["tumour"].sum()
    truth = np.repeat(list(kinds), list(kinds.values()))
    means = np.array([profiles[kind] / profiles[kind].sum() for kind in truth])
    soup = means.mean(axis=0)
    own = means * np.exp(rng.normal(0, 0.3, means.shape))
    means = (1 - ambient) * own / own.sum(axis=1, keepdims=True) + ambient * soup
    counts = rng.poisson(means / means.sum(axis=1, keepdims=True) * depth * rng.lognormal(0, 0.4, (len(truth), 1)))
    import anndata

    var = pd.DataFrame({"soup": soup}, index=genes)
    return anndata.AnnData(sparse.csr_matrix(counts.astype(np.int32)), obs=pd.DataFrame({"kind": truth}), var=var)


def simulate_droplets(
    seed: int,
    *,
    ambient: float = 60,
    cells: int = 500,
    cell_umis: float = 4_000,
    quiet: int = 300,
    empties: int = 10_000,
    stray: int = 10_000,
    n_genes: int = 3_000,
    types: int = 6,
):
    """Return counts (barcodes × genes) of one species and what each barcode is: cell, quiet, empty or stray.

    Quiet cells hold 300–500 UMIs in all; ``ambient`` is the mean of an empty droplet (log-normal, sd .25), whose pool
    is what the cells leave; strays are misread barcodes of 1–9 UMIs. Types differ in two genes of five.
    """
    rng = np.random.default_rng(seed)
    base = rng.lognormal(0, 1.5, n_genes)
    profiles = np.array(
        [base * np.where(rng.random(n_genes) < 0.4, rng.lognormal(0, 1.5, n_genes), 1) for _ in range(types)]
    )
    profiles /= profiles.sum(axis=1, keepdims=True)
    shares = rng.dirichlet(np.full(types, 5.0))
    soup = shares @ profiles
    kind = np.repeat(["cell", "quiet", "empty", "stray"], [cells, quiet, empties, stray])
    size = np.concatenate(
        [
            cell_umis * rng.lognormal(0, 0.5, cells),
            rng.uniform(300, 500, quiet) - ambient,
            np.zeros(empties + stray),
        ]
    )
    around = np.concatenate([ambient * rng.lognormal(0, 0.25, cells + quiet + empties), rng.uniform(1, 9, stray)])
    rows = []
    for start in range(0, len(kind), 2_000):
        block = slice(start, start + 2_000)
        own = profiles[rng.choice(types, len(kind[block]), p=shares)] * rng.gamma(4, 0.25, (len(kind[block]), n_genes))
        mean = (
            own / own.sum(axis=1, keepdims=True) * np.maximum(size[block], 0)[:, None] + soup * around[block][:, None]
        )
        rows.append(sparse.csr_matrix(rng.poisson(mean).astype(np.int32)))
    order = rng.permutation(len(kind))
    return sparse.vstack(rows).tocsr()[order], kind[order]
