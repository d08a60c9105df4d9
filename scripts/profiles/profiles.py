"""All profiles of a study as one samples × genes table: pseudobulk, bulk RNA-seq and arrays on one scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from scripts.base import job
from scripts.counts.distrust import marked
from scripts.profiles.pseudobulk import LABELS
from scripts.stats import voom

OBS = [*LABELS, "platform", "block", "n_cells", "library_size", "norm_factor", "effective_size"]
LOSSES = [
    "source", "platform", "platform_from", "samples", "rows", "unnamed", "merged", "genes", "lost_elsewhere",
    "lost_low", "kept", "examples",
]  # fmt: skip
EXAMPLES = 8
"""Lost genes that are named as examples."""


@dataclass(frozen=True)
class Source:
    """One table of profiles: genes × samples on the linear scale, unique symbols, and how it came to be."""

    name: str
    platform: str
    table: pd.DataFrame
    rows: int
    unnamed: int = 0
    merged: int = 0
    platform_from: str = "sheet"


@dataclass(frozen=True)
class Profiles:
    """Profiles on one scale: ``counts`` (linear; NaN where a platform lacks the gene) and ``values`` (log2 CPM) are
    samples × genes; ``samples`` has :data:`OBS`. ``distrusted``: genes whose reads are mixed with the other species'
    (:mod:`scripts.counts.distrust`).
    """

    counts: pd.DataFrame
    values: pd.DataFrame
    samples: pd.DataFrame
    distrusted: frozenset[str] = frozenset()

    def of(self, chosen) -> Profiles:
        """Return some of the samples (names or a mask)."""
        return Profiles(self.counts.loc[chosen], self.values.loc[chosen], self.samples.loc[chosen], self.distrusted)

    @property
    def trusted(self) -> Profiles:
        """The same without the genes to distrust; library sizes stay those of all genes."""
        kept = ~self.values.columns.isin(self.distrusted)
        return Profiles(self.counts.loc[:, kept], self.values.loc[:, kept], self.samples)

    @property
    def size(self) -> np.ndarray:
        """Effective library sizes."""
        return self.samples["effective_size"].to_numpy(dtype=float)


def join(sources: list[Source], rule: str) -> pd.DataFrame:
    """Return samples × genes over all sources.

    ``rule``: ``intersection`` keeps the genes that all sources have; ``union`` all genes, NaN where a source lacks one.
    """
    if not sources:
        return pd.DataFrame()
    common = [gene for gene in sources[0].table.index if all(gene in s.table.index for s in sources[1:])]
    if rule == "union":
        genes = list(dict.fromkeys(gene for source in sources for gene in source.table.index))
    else:
        genes = common
    if not common:
        named = "; ".join(f"{s.name}: {', '.join(map(str, s.table.index[:3]))} …" for s in sources)
        raise job.UserError(f"no gene occurs in all tables of profiles; use one kind of gene names ({named})")
    return pd.concat([source.table.reindex(genes) for source in sources], axis=1).T


def blocks_of(samples: pd.DataFrame) -> pd.Series:
    """Return what is compared with itself: the model, or the model on one platform where it was measured on several."""
    several = samples.groupby("model")["platform"].transform("nunique") > 1
    return samples["model"].where(~several, samples["model"] + ":" + samples["platform"])


def normalise(counts: pd.DataFrame, samples: pd.DataFrame, by_platform: bool) -> pd.DataFrame:
    """Return the samples' library sizes and TMM factors, from the genes that all samples have.

    ``by_platform``: factors make the samples of a platform comparable, not those of different ones.
    """
    common = counts.loc[:, counts.notna().all(axis=0)]
    size = common.sum(axis=1)
    for sample in size.index[size <= 0]:
        raise job.UserError(f"sample {sample}: all counts are 0 in the genes that all samples have; leave it out")
    factors = pd.Series(1.0, index=counts.index)
    parts = [own.index for _, own in samples.groupby("platform", sort=False)] if by_platform else [counts.index]
    for part in parts:
        factors[part] = voom.norm_factors(common.loc[part].to_numpy(dtype=float))
    return samples.assign(library_size=size, norm_factor=factors, effective_size=size * factors)


def build(
    sources: list[Source], samples: pd.DataFrame, *, rule: str, min_count: float, by_platform: bool
) -> tuple[Profiles, pd.DataFrame]:
    """Return the profiles and what each source lost (:data:`LOSSES`).

    ``samples``: model, timepoint, arm, replicate, platform, n_cells by sample, in the order wanted. Genes that too few
    samples show are left out (:func:`voom.expressed`); sizes are those of the genes that are left.
    """
    joined = join(sources, rule).reindex(samples.index)
    samples = samples.assign(block=blocks_of(samples))
    if len(joined):
        sized = normalise(joined, samples, by_platform)
        enough = voom.expressed(
            joined.to_numpy(dtype=float), sized["library_size"].to_numpy(dtype=float), samples["timepoint"], min_count
        )
        counts = joined.loc[:, enough]
        if not counts.notna().all(axis=0).any():
            raise job.UserError("no gene has enough counts in enough samples; lower profiles.min_count")
        samples = normalise(counts, samples, by_platform)
        values = voom.log_cpm(counts.to_numpy(dtype=float), samples["effective_size"].to_numpy(dtype=float))
    else:
        counts, values = joined, np.zeros(joined.shape)
        samples = samples.assign(library_size=0.0, norm_factor=1.0, effective_size=0.0)
    table = pd.DataFrame(values, index=counts.index, columns=counts.columns)
    return Profiles(counts, table, samples[OBS]), losses(sources, joined.columns, counts.columns)


def losses(sources: list[Source], joined: pd.Index, kept: pd.Index) -> pd.DataFrame:
    """Return one row (:data:`LOSSES`) per source: what became of its genes, and examples of those that others lack."""
    rows = []
    for source in sources:
        elsewhere = source.table.index.difference(joined, sort=False)
        strongest = (
            source.table.loc[elsewhere].mean(axis=1).sort_values(ascending=False, kind="stable").index[:EXAMPLES]
        )
        low = source.table.index.intersection(joined, sort=False).difference(kept, sort=False)
        rows.append(
            (
                *(source.name, source.platform, source.platform_from, source.table.shape[1], source.rows),
                *(source.unnamed, source.merged, len(source.table), len(elsewhere), len(low)),
                *(len(source.table.index.intersection(kept)), ",".join(map(str, strongest))),
            )
        )
    return pd.DataFrame(rows, columns=LOSSES)


def write(profiles: Profiles, path: str) -> None:
    """Write samples × genes: X log2 CPM, layer counts, obs :data:`OBS`, var distrusted."""
    import anndata

    samples = profiles.samples.copy()
    samples.index.name = "sample"
    for name in ("model", "timepoint", "arm", "replicate", "platform", "block"):
        samples[name] = samples[name].astype(str)
    data = anndata.AnnData(
        profiles.values.to_numpy(dtype="float32"),
        obs=samples,
        var=pd.DataFrame(
            {"distrusted": profiles.values.columns.isin(profiles.distrusted)},
            index=profiles.values.columns.astype(str),
        ),
    )
    data.layers["counts"] = profiles.counts.to_numpy(dtype="float64")
    data.write_h5ad(path, compression="gzip")


def read(path: str) -> Profiles:
    """Read what :func:`write` wrote; log expression is computed again from the counts, in double precision."""
    import anndata

    data = anndata.read_h5ad(path)
    counts = pd.DataFrame(data.layers["counts"], index=data.obs_names, columns=data.var_names)
    samples = data.obs.copy()
    for name in ("model", "timepoint", "arm", "replicate", "platform", "block"):
        samples[name] = samples[name].astype(str)
    values = voom.log_cpm(counts.to_numpy(dtype=float), samples["effective_size"].to_numpy(dtype=float))
    distrusted = frozenset(marked(data.var))
    return Profiles(counts, pd.DataFrame(values, index=counts.index, columns=counts.columns), samples, distrusted)
