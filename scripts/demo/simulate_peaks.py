"""Write peaks of one factor near most of its targets, random peaks of another factor, and transcription start sites.

In the simulated genome, genes of a regulon are adjacent, a few hundred bases apart. Peaks therefore use a separate
layout, with the genes in random order and at the distances of a real genome.
"""

import gzip

import numpy as np
import pandas as pd

from scripts.base import job
from scripts.demo.plan import Plan, load_plan, stream

FACTOR, DECOY = "FOSL1", "STAT1"
"""The factor with peaks near its targets, and a factor with random peaks."""
CELL_LINE = "DEMO-468"
NEAR = 0.8
"""Share of the factor's targets with a peak in persisters. A share :data:`BEFORE` of these also has it in untreated
cells."""
BEFORE = 0.25
ELSEWHERE = 0.12
"""Share of all genes with a nearby peak unrelated to the factor, which is the same in both states."""
FAR = 60
"""Number of peaks far from any gene."""
CHROMOSOMES, SPACING = 3, 160_000
PROMOTER, DISTAL = 1_500, 45_000
"""Maximum distance (bp) of promoter peaks and of distal peaks."""
AT_PROMOTER = 0.6
"""Share of peaks near genes that are at promoters."""


def lay_out(plan: Plan, rng: np.random.Generator) -> pd.DataFrame:
    """Return chr, start, end, gene and length of all genes, in random order and with random gaps."""
    genes = rng.permutation(plan.of_species("graft")["symbol"].to_numpy())
    parts = []
    for number, own in enumerate(np.array_split(genes, CHROMOSOMES), 1):
        start = np.cumsum(rng.integers(SPACING - 30_000, SPACING + 30_000, len(own)))
        length = np.round(np.exp(rng.normal(9.5, 0.8, len(own)))).astype(int)
        rows = {"chr": f"chr{number}", "start": start, "end": start + 1, "gene": own, "length": length}
        parts.append(pd.DataFrame(rows))
    return pd.concat(parts, ignore_index=True)


def place_near(promoters: pd.DataFrame, genes: list[str], rng: np.random.Generator) -> pd.DataFrame:
    """Return one peak per gene, at its promoter or distal: chr, start, end, gene."""
    at = promoters.set_index("gene").loc[genes]
    close = rng.random(len(genes)) < AT_PROMOTER
    away = np.where(close, rng.integers(0, PROMOTER, len(genes)), rng.integers(PROMOTER + 1_000, DISTAL, len(genes)))
    centre = at["start"].to_numpy() + away * rng.choice([-1, 1], len(genes))
    half = rng.integers(100, 300, len(genes))
    return pd.DataFrame({"chr": at["chr"].to_numpy(), "start": centre - half, "end": centre + half, "gene": genes})


def place_far(promoters: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Return peaks midway between two genes, beyond the maximum distance from both."""
    own = promoters[promoters["chr"] == promoters["chr"].shift(-1)]
    rows = own.sample(FAR, random_state=int(rng.integers(2**31)))
    middle = rows["start"].to_numpy() + SPACING // 2
    return pd.DataFrame({"chr": rows["chr"].to_numpy(), "start": middle - 150, "end": middle + 150, "gene": ""})


def simulate_peaks(plan: Plan, promoters: pd.DataFrame, rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    """Return peaks by set: the factor in untreated cells and in persisters, and the decoy in persisters.

    ``planted`` is the type of a peak: target (of the factor), chance, or far.
    """
    targets = plan.edges.loc[plan.edges["tf"] == FACTOR, "target"].to_numpy()
    others = np.setdiff1d(promoters["gene"].to_numpy(), targets)
    bound = list(rng.permutation(targets)[: round(NEAR * len(targets))])
    chance = list(rng.choice(others, round(ELSEWHERE * len(promoters)), replace=False))
    at_targets = place_near(promoters, bound, rng).assign(planted="target")
    at_others = place_near(promoters, chance, rng).assign(planted="chance")
    far = place_far(promoters, rng).assign(planted="far")
    before = at_targets.iloc[: round(BEFORE * len(bound))]
    number = len(bound) + len(chance)
    anywhere = list(rng.choice(promoters["gene"].to_numpy(), number, replace=False))
    decoy = place_near(promoters, anywhere, rng).assign(planted="chance")
    return {
        f"{FACTOR}_untreated": pd.concat([before, at_others, far]),
        f"{FACTOR}_persister": pd.concat([at_targets, at_others, far]),
        f"{DECOY}_persister": pd.concat([decoy, place_far(promoters, rng).assign(planted="far")]),
    }


def write_narrow(path: str, name: str, peaks: pd.DataFrame, rng: np.random.Generator) -> None:
    """Write peaks in MACS's format, with random signals. The bytes depend only on the content."""
    peaks = peaks.sort_values(["chr", "start"], kind="stable")
    signal = rng.gamma(3, 4, len(peaks))
    lines = [
        f"{row.chr}\t{row.start}\t{row.end}\t{name}_peak_{i}\t{int(10 * s)}\t.\t{s:.4f}\t{2 * s:.4f}\t{s:.4f}\t"
        f"{(row.end - row.start) // 2}\n"
        for i, (row, s) in enumerate(zip(peaks.itertuples(), signal, strict=True), 1)
    ]
    with open(path, "wb") as raw, gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as handle:
        handle.write("".join(lines).encode())


def main(snakemake) -> None:
    """Write promoters, peak files in the order of the outputs, and the type of each peak."""
    plan = load_plan(snakemake.input.network, snakemake.params.seed)
    rng = stream(plan.seed, "peaks")
    promoters = lay_out(plan, rng)
    promoters.to_csv(snakemake.output.promoters, sep="\t", index=False)
    sets = simulate_peaks(plan, promoters, rng)
    for (name, peaks), path in zip(sets.items(), snakemake.output.peaks, strict=True):
        write_narrow(path, name, peaks, rng)
    truth = pd.concat([peaks.assign(peak_set=name) for name, peaks in sets.items()])
    truth[["peak_set", "gene", "planted"]].to_csv(snakemake.output.truth, sep="\t", index=False)
    job.log.info("%s", ", ".join(f"{len(peaks)} peaks of {name}" for name, peaks in sets.items()))


if __name__ == "__main__":
    job.run(main, snakemake)
