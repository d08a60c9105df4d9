"""Use regulons given by the user instead of inferred ones, after comparison with the genes of the study."""

import json
import re
from pathlib import Path

import pandas as pd

from scripts.base import job, names
from scripts.regulons import consensus, databases

MIN_KNOWN, FEW_KNOWN = 0.5, 0.8
"""Share of the given targets that the study must know by name, and below which it is said that some are unknown."""
EXAMPLES = 5
WANTED = "a GMT file (name, description and targets, separated by tabs)"


def read_gmt(path: str | Path) -> dict[str, list[str]]:
    """Return targets by regulon, in the order of the file. Raises UserError, with the row, if the file is not a GMT."""
    found: dict[str, list[str]] = {}
    for number, (name, *rest) in names.read_rows(path, WANTED):
        targets = list(dict.fromkeys(gene for gene in rest[1:] if gene))
        if not (name and targets):
            raise job.UserError(
                f"{path}, row {number}: no name or no target; give name, description and targets, separated by tabs"
            )
        if name in found:
            raise job.UserError(f"{path}, row {number}: regulon {name!r} is given twice; rename one or merge them")
        names.check_names([name, *targets], path, "name")
        found[name] = targets
    if not found:
        raise job.UserError(f"{path}: no regulon in the file; give {WANTED}")
    return found


def factor_of(regulon: str, tfs: set[str]) -> str:
    """Return the factor from the name of a regulon: FOSL1 for ``FOSL1(+)`` and ``FOSL1(-)``; FOSL1 for
    ``FOSL1_targets`` if ``tfs`` contains FOSL1; otherwise the name.
    """
    signed = re.fullmatch(r"(.+?)\s*\([+-]\)", regulon)
    name = signed[1] if signed else regulon
    first = re.split(r"[\s_]", name, maxsplit=1)[0]
    return first if name not in tfs and first in tfs else name


def take(sets: dict[str, list[str]], known: set[str], tfs: set[str], min_targets: int, where: str) -> pd.DataFrame:
    """Return the edges (:data:`consensus.GROUPS`) of regulons with ``min_targets`` known targets or more.

    Weights are 1. ``seeds`` and ``groups`` are 0, since no run and no group found these edges. Raises UserError if the
    study contains too few of the targets, or no regulon remains.
    """
    targets = sorted(set().union(*sets.values()))
    missing = [gene for gene in targets if gene not in known]
    share = 1 - len(missing) / len(targets)
    said = (
        f"{where}: the study knows {share:.0%} of {len(targets)} targets; unknown: {', '.join(missing[:EXAMPLES])}; "
        f"known to the study: {', '.join(sorted(known)[:EXAMPLES])}"
    )
    if share < MIN_KNOWN:
        raise job.UserError(f"{said}. Check that species and naming (symbols, not Ensembl ids) agree.")
    if share < FEW_KNOWN:
        job.log.warning("%s", said)
    rows = [
        (name, factor_of(name, tfs), target, 1.0, 0, 0)
        for name, own in sets.items() for target in own if target in known
    ]  # fmt: skip
    edges = consensus.only_large(pd.DataFrame(rows, columns=consensus.GROUPS), min_targets)
    lost = [name for name in sets if name not in set(edges["regulon"])]
    if lost:
        job.log.warning(
            "%d of %d regulons have fewer than %d known targets (regulons.min_targets) and are left out: %s",
            len(lost), len(sets), min_targets, ", ".join(lost[:EXAMPLES]),
        )  # fmt: skip
    if edges.empty:
        raise job.UserError(f"{where}: no regulon has {min_targets} known targets; lower config regulons.min_targets")
    return edges


def main(snakemake) -> None:
    """Read regulons, optional factors, and the names of the cells' genes; write the same files as inference."""
    import anndata

    given, params, out = snakemake.input, snakemake.params, snakemake.output
    tfs = set(databases.read_tfs(given.tfs)) if given.get("tfs") else set()
    known: set[str] = set()
    for path in given.cells:
        cells = anndata.read_h5ad(path, backed="r")
        known.update(cells.var_names.astype(str))
        cells.file.close()
    sets = read_gmt(given.gmt)
    edges = take(sets, known, tfs, params.min_targets, f"config, regulons.given: {Path(given.gmt).name}")
    edges.to_csv(out.regulons, sep="\t", index=False, float_format="%.6g")
    support = pd.DataFrame(columns=consensus.SUPPORT)
    support.to_csv(out.support, sep="\t", index=False)
    summary = consensus.summarise(edges, support.astype({"edges": float, "targets": float}), 0)
    summary.to_csv(out.summary, sep="\t", index=False, float_format="%.6g")
    text = (
        "\t".join([name, f"{len(own)} targets, given", *own["target"]]) + "\n"
        for name, own in edges.groupby("regulon", sort=True)
    )
    Path(out.gmt).write_text("".join(text))
    factors = sorted(tfs | set(edges["tf"]))
    Path(out.databases).write_text(json.dumps({"genes": None, "tfs": factors, "databases": []}) + "\n")
    job.log.info("%d regulons, %d edges; nothing is inferred", edges["regulon"].nunique(), len(edges))


if __name__ == "__main__":
    job.run(main, snakemake)
