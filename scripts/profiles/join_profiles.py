"""Join pseudobulk, bulk RNA-seq and array profiles into one samples × genes table, and say which genes were lost."""

from dataclasses import replace

import numpy as np
import pandas as pd

from scripts.base import job
from scripts.counts.distrust import marked
from scripts.profiles import genes, profiles, tables


def pseudobulk_source(path: str) -> tuple[profiles.Source, pd.DataFrame, dict[str, str], frozenset[str]]:
    """Return the libraries' summed counts, their labels with n_cells, symbol by Ensembl identifier, and the genes to
    distrust.
    """
    import anndata

    data = anndata.read_h5ad(path)
    counts = pd.DataFrame(data.layers["counts"].T.astype(float), index=data.var_names, columns=data.obs_names)
    everywhere = data.var["everywhere"].to_numpy(dtype=bool)
    identifiers = data.var["gene_id"] if "gene_id" in data.var else pd.Series(dtype=str)
    symbols = {genes.bare_identifier(str(gene_id)): symbol for symbol, gene_id in identifiers.items()}
    symbols.pop("", None)
    source = profiles.Source("single cells", "single-cell", counts.loc[everywhere], len(counts))
    return source, data.obs, symbols, frozenset(marked(data.var))


def profile_source(
    path: str, rows: pd.DataFrame, symbols: dict[str, str], sheet: str
) -> tuple[list[profiles.Source], pd.Series]:
    """Return the profiles of one file, one source per platform, and the platform of each sample."""
    names, values = tables.read_profiles(path, list(rows["column"]), sheet)
    genes.check_names(names, path)
    given = rows["platform"].mask(rows["platform"] == "")
    guess = tables.platform_of(values.loc[:, rows.loc[given.isna(), "column"]].to_numpy()) if given.isna().any() else ""
    platforms = given.fillna(guess)
    if guess:
        job.log.info(
            "%s: platform %s, by its numbers; column platform of the samples sheet takes precedence", path, guess
        )
    known = pd.Series(genes.to_symbols(names, symbols))
    usable = (known != "") & ~known.str.contains(genes.AMBIGUOUS, regex=False)
    found = []
    for platform, own in rows.groupby(platforms, sort=False):
        part = tables.linear_scale(values[list(own["column"])], platform, path)
        part = part.loc[usable.to_numpy()].set_axis(own.index, axis=1).set_axis(known[usable], axis=0)
        merged = genes.merge_duplicates(part, counts=platform != "array")
        source = "values" if given.loc[own.index].isna().any() else "sheet"
        found.append(
            profiles.Source(path, platform, merged, len(names), int((~usable).sum()), len(part) - len(merged), source)
        )
    return found, platforms


def main(snakemake) -> None:
    """Read pseudobulk and tables of profiles; write profiles.h5ad and the table of losses."""
    params = snakemake.params
    rows = pd.DataFrame(params.samples).set_index("sample")
    sources, symbols, distrusted = [], {}, frozenset()
    samples = rows[profiles.LABELS].astype(str).assign(platform="", n_cells=np.nan)
    if snakemake.input.pseudobulk:
        source, labels, symbols, distrusted = pseudobulk_source(str(snakemake.input.pseudobulk))
        if len(labels):
            sources.append(source)
            samples.loc[labels.index, "platform"] = "single-cell"
            samples.loc[labels.index, "n_cells"] = labels["n_cells"].astype(float)
    own = rows[rows["assay"] == "profile"]
    for path, part in own.groupby("matrix", sort=False):
        found, platforms = profile_source(path, part, symbols, params.sheet)
        sources += found
        samples.loc[platforms.index, "platform"] = platforms
    kinds = {s.name: genes.are_identifiers(list(s.table.index)) for s in sources}
    if len(set(kinds.values())) > 1:
        named = ", ".join(name for name, are in kinds.items() if are)
        raise job.UserError(
            f"{named}: genes are Ensembl identifiers, elsewhere symbols, and no library has both; give symbols"
        )
    samples = samples[samples["platform"] != ""]
    built, lost = profiles.build(
        sources, samples, rule=params.genes, min_count=params.min_count, by_platform=params.platforms == "separate"
    )
    profiles.write(replace(built, distrusted=distrusted), snakemake.output.profiles)
    lost.to_csv(snakemake.output.losses, sep="\t", index=False)
    for row in lost.itertuples():
        job.log.info("%s: %d of %d genes kept", row.source, row.kept, row.genes)
    job.log.info("%d profiles × %d genes", *built.values.shape)


if __name__ == "__main__":
    job.run(main, snakemake)
