"""Score one biopsy against a frozen reference: without new inference and without other samples."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from scripts.base import job
from scripts.base.tables import HOST, NORMAL
from scripts.biopsy import (
    clusters,
    describe,
    discriminant,
    drift,
    features,
    fraction,
    growth,
    profile,
    reference,
    stroma,
)  # fmt: skip
from scripts.biopsy.describe import ROWS
from scripts.cells import lineages
from scripts.stats.intervals import MIN_MODELS
from scripts.switches.verdicts import SHARED

CELLS = ["cell", "total_counts", "score", "persister", "far"]
DISTRIBUTION = ["score", "biopsy", "untreated", "persister"]
BINS = 60


def row(section: str, item: str, value=np.nan, low=np.nan, high=np.nan, call: str = "", note: str = "") -> dict:
    """Return a row of the scores."""
    values = (section, item, value, low, high, np.nan, np.nan, call, note)
    return dict(zip(ROWS, values, strict=True))


def rows_of_checks(checks: list[drift.Check]) -> pd.DataFrame:
    """Return the verdict and a row per check."""
    worst = drift.worst(checks)
    bad = [check for check in checks if check.verdict == worst]
    said = "similar to the training samples" if worst == drift.OK else "; ".join(f"{c.name}: {c.note}" for c in bad)
    rows = [row("verdict", "biopsy", call=worst, note=said)]
    rows += [row("check", c.name, c.value, c.low, c.high, c.verdict, c.note) for c in checks]
    return pd.DataFrame(rows, columns=ROWS)


def not_scored(
    frozen: reference.Reference, checks: list[drift.Check], normal: stroma.Stroma | None, level: float
) -> pd.DataFrame:
    """Return the rows of a biopsy whose tumour cells can't be scored: its checks, and its stroma as it is."""
    tables = [rows_of_checks(checks), stroma.place(frozen, normal, level, "the tumour cells are not scored")]
    return pd.concat([table for table in tables if len(table)], ignore_index=True)


def score_cells(
    frozen: reference.Reference, cells, summary: dict, settings: dict, threads: int, normal: stroma.Stroma | None = None
) -> tuple:
    """Return scores (:data:`describe.ROWS`), cells (:data:`CELLS`) and distribution (:data:`DISTRIBUTION`).

    ``cells``: kept tumour cells, counts; ``summary``: its summary by the stage cells; ``settings``: config biopsy;
    ``normal``: its stroma.
    """
    states, level = (frozen.baseline, frozen.persister), settings["level"]
    no_cells, nothing = pd.DataFrame(columns=CELLS), pd.DataFrame(columns=DISTRIBUTION)
    checks = [drift.check_cells(cells.n_obs, settings["min_cells"], summary)]
    if drift.worst(checks) == drift.NOT_SCORED:
        return not_scored(frozen, checks, normal, level), no_cells, nothing
    query = sparse.csr_matrix(cells.X)
    names = cells.var_names.astype(str).tolist()
    checks.append(drift.check_composition(lineages.call(query, cells.var_names), summary))
    matched = features.match(frozen.cells, query, names, seed=settings["seed"])
    checks.append(drift.check_genes(matched.coverage, len(matched.genes), names))
    labels = frozen.cells.obs.reset_index(drop=True)
    pairs = discriminant.paired(discriminant.groups(labels, states), states)
    if not pairs:
        note = "no training model has cells of both states: score it as a profile"
        checks.append(drift.Check("training", 0, 1, np.nan, drift.NOT_SCORED, note))
    if drift.worst(checks) == drift.NOT_SCORED:
        return not_scored(frozen, checks, normal, level), no_cells, nothing

    sets = features.gene_sets(frozen.table("regulons"), frozen.table("signature"), matched.genes, frozen.settings)
    about = (matched.genes, sets, frozen.settings, features.scales(matched, frozen.cells), threads)
    training, activity = features.activities(matched.training, *about), features.activities(matched.query, *about)
    rule = discriminant.learn(training, labels, states)
    known = rule.score(training)
    of_states = fraction.learn_states(fraction.groups_of_states(known, discriminant.groups(labels, states), states))
    shifts = discriminant.shifts(training, labels, states).to_numpy()
    scores = rule.score(activity)
    found = fraction.estimate(scores, of_states, shifts, level)

    rng = np.random.default_rng(settings["seed"])
    samples = labels["sample"].astype(str)
    rows = {name: np.flatnonzero(samples == name) for name in dict.fromkeys(samples)}
    profiles = drift.pseudobulks(matched.training, rows, matched.query.shape[0], rng)
    own = features.log_profile(np.asarray(matched.query.sum(axis=0)).ravel())[0]
    models = labels.drop_duplicates("sample").set_index("sample")["model"].astype(str)
    checks.append(drift.check_depth(matched.query_depth, matched.training_depths))
    checks.append(drift.check_expression(*drift.distances(profiles, models, own)))
    far, of_models = drift.far_cells(training, labels, activity)
    checks.append(drift.check_far_cells(float(far.mean()), of_models))
    checks.append(drift.check_fit(found.misfit, len(scores), frozen.table("calibration")))

    switches = frozen.table("switches")
    called = switches[switches["verdict"] == SHARED.name]
    at = describe.cuts(frozen.table("thresholds"), training)
    at = at[[name for name in at.index if name not in features.SIGNATURE.values()]]
    note = f"part of {len(scores)} tumour cells that are similar to the {states[1]} cells of training"
    others = drift.unnoticed(summary)
    if not np.isfinite(found.low):
        note += f"; no interval: too few models ({len(pairs)} with both states; {MIN_MODELS} needed)"
    elif others:
        note += f"; interval wider by {others:g} at either end, for normal cells that may be unnoticed"
    ends = fraction.widened(found, others)
    tables = [
        rows_of_checks(checks),
        pd.DataFrame([row("fraction", "persister-like cells", found.fraction, *ends, note=note)]),
        describe.switches_active(activity, training, labels, called, states, level),
        describe.regulons_active(activity, training, labels, at, states, level),
        describe.panel(matched.query, matched.genes, matched.training, labels, frozen.table("markers"), states, level),
        growth.place_states(matched, scores, training, labels, states, level=level, seed=settings["seed"]),
        clusters.place(frozen.table("clusters"), labels, matched, states, level),
        stroma.place(frozen, normal, level),
        describe.nearest(activity, training, labels),
    ]
    totals = np.asarray(query.sum(axis=1)).ravel()
    columns = (cells.obs_names.astype(str), totals, scores.astype("float32"), found.chance.astype("float32"), far)
    joined = pd.concat([table for table in tables if len(table)], ignore_index=True)
    return (
        describe.withhold(joined, drift.unreliable(checks)),
        pd.DataFrame(dict(zip(CELLS, columns, strict=True))),
        distribution(scores, of_states, found),
    )


def distribution(scores: np.ndarray, states: fraction.States, found: fraction.Estimate) -> pd.DataFrame:
    """Return densities over scores: the biopsy's cells, and each state as fitted (its part of the mixture)."""
    edges = np.linspace(min(scores.min(), states.means[0] - 1), max(scores.max(), states.means[1] + 1), BINS + 1)
    middle = (edges[:-1] + edges[1:]) / 2
    parts = [
        share * states.density(middle, state, np.array([found.shift[state]]))[0]
        for state, share in ((0, 1 - found.fraction), (1, found.fraction))
    ]
    density = np.histogram(scores, edges, density=True)[0]
    return pd.DataFrame(dict(zip(DISTRIBUTION, (middle, density, *parts), strict=True)))


def score_profile(frozen: reference.Reference, values: pd.Series, settings: dict, model: str = "") -> tuple:
    """Return the same for one profile (gene → value): a position instead of a fraction, and no cells.

    ``model``: the patient; if training has untreated profiles of it, the position is also counted from these.
    """
    states = (frozen.baseline, frozen.persister)
    trained, signature = frozen.profiles, frozen.table("signature")
    genes = [gene for gene in trained.var_names if gene in values.index]
    checks = [drift.check_genes(len(genes) / max(trained.n_vars, 1), len(genes), list(values.index))]
    used = signature["gene"].isin(genes)
    if not used.any():
        note = "no gene of the signature was measured" if len(signature) else "the reference has no signature"
        checks.append(drift.Check("signature", 0, 1, np.nan, drift.NOT_SCORED, note))
    if drift.worst(checks) == drift.NOT_SCORED:
        return rows_of_checks(checks), pd.DataFrame(columns=CELLS), pd.DataFrame(columns=DISTRIBUTION)
    known = pd.DataFrame(np.asarray(trained[:, genes].X), index=trained.obs_names, columns=genes)
    own = values[genes].to_frame().T
    labels = trained.obs.reset_index(drop=True)
    left_out = frozen.table("signature_left_out")
    scores = profile.left_out_scores(known.reset_index(drop=True), signature, left_out, labels["model"])
    score = float(profile.signature_scores(own, profile.signature_of(model, signature, left_out)).iloc[0])
    level = settings["level"]
    about = {"bulk": True, "level": level}
    from_own = profile.place_from_baseline(score, model, scores, labels, states, **about)
    positions = {"from its own baseline": from_own, "signature": profile.place(score, scores, labels, states, **about)}
    ranks, own_ranks = known.rank(axis=1), own.rank(axis=1).to_numpy()[0]
    models = pd.Series(labels["model"].astype(str).to_numpy(), index=ranks.index)
    checks.append(drift.check_expression(*drift.distances(ranks, models, own_ranks)))
    rows = [
        row("position", name, found.position, found.low, found.high, note=f"0 {states[0]}, 1 {states[1]}; {found.note}")
        for name, found in positions.items()
        if found
    ]
    rows.append(row("signature", "score", score, note=f"{int(used.sum())} of {len(signature)} genes measured"))
    tables = [rows_of_checks(checks), pd.DataFrame(rows, columns=ROWS), switches_of_profile(frozen, own, known, level)]
    joined = pd.concat([table for table in tables if len(table)], ignore_index=True)
    joined = describe.withhold(joined, drift.unreliable(checks))
    return joined, pd.DataFrame(columns=CELLS), pd.DataFrame(columns=DISTRIBUTION)


def switches_of_profile(
    frozen: reference.Reference, own: pd.DataFrame, known: pd.DataFrame, level: float
) -> pd.DataFrame:
    """Return a row per called switch, by the mean rank of its regulon's targets in a profile."""
    switches = frozen.table("switches")
    called = switches[switches["verdict"] == SHARED.name]
    edges = frozen.table("regulons")
    sets = features.gene_sets(
        edges[edges["regulon"].isin(called["regulon"])],
        pd.DataFrame(columns=["gene", "direction"]),
        list(own.columns),
        frozen.settings,
    )
    targets = {name: list(genes) for name, genes in sets.items()}
    labels, states = frozen.profiles.obs.reset_index(drop=True), (frozen.baseline, frozen.persister)
    found = profile.place_switches(own, known, labels, targets, states, level=level)
    rows = []
    for switch in called[called["regulon"].isin(found.index)].itertuples():
        position, low, high = found.loc[switch.regulon]
        call = describe.call_switch(position, low, high)
        note = f"targets of {switch.regulon}, which is {switch.direction} in persisters, by their mean rank"
        note = "; ".join(filter(None, [note, describe.effect_of(switch)]))
        rows.append(("switch", switch.tf, position, low, high, 0.0, 1.0, call, note))
    return pd.DataFrame(rows, columns=ROWS)


def main(snakemake) -> None:
    """Check and read the reference; write scores, cells and distribution of one biopsy."""
    import anndata

    frozen = reference.load(Path(snakemake.input.reference).parent)
    settings, labels = snakemake.params.settings, snakemake.params.sample
    if labels["assay"] == "profile":
        values = profile.read_profile(snakemake.input.profile, labels["column"], snakemake.params.sheet)
        scores, cells, densities = score_profile(frozen, values, settings, labels["model"])
    else:
        summary = json.loads(Path(snakemake.input.summary).read_text())
        kept = anndata.read_h5ad(snakemake.input.cells)
        paths = {HOST: snakemake.input.host, NORMAL: snakemake.input.normal}
        normal = stroma.read(frozen, summary.get("composition"), paths, snakemake.params.species)
        scores, cells, densities = score_cells(frozen, kept, summary, settings, snakemake.threads, normal)
    scores.to_csv(snakemake.output.scores, sep="\t", index=False, float_format="%.6g")
    cells.to_parquet(snakemake.output.cells, index=False)
    densities.to_csv(snakemake.output.distribution, sep="\t", index=False, float_format="%.6g")
    verdict = scores[scores["section"] == "verdict"].iloc[0]
    job.log.info("%s: %s", verdict["call"], verdict["note"])
    for found in scores[scores["section"].isin(["fraction", "position"])].itertuples():
        job.log.info("%s %.3f (%.3f to %.3f)", found.item, found.value, found.low, found.high)


if __name__ == "__main__":
    job.run(main, snakemake)
