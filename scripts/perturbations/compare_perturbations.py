"""Compare perturbations with the programme: one row for each, and a verdict for each factor that was tested."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from scripts.base import job
from scripts.base.tables import ALL_ARMS, read_labelled
from scripts.base.verdicts import MIN_MODELS, decide
from scripts.perturbations import coexpression, effects, verdicts
from scripts.perturbations.terms import EFFECTS, FACTORS, GAIN, INHIBITOR, LISTED, NOT_SHOWN
from scripts.profiles import inputs
from scripts.stats.paired import false_discovery_rate

GAINS = {True: 1.0, False: -1.0}
"""Sign by which a change becomes that of more of the factor: a loss turns round."""


@dataclass(frozen=True)
class Programme:
    """The programme with which perturbations are compared.

    Parameters
    ----------
    log_fc, mean
        Mean log2 fold change over patients and mean expression, by gene.
    signature
        ±1 by gene.
    targets
        Factor → ±1 by target.
    directions
        ±1 by factor: direction of its activity in persisters; only for factors with a significant change of activity.
    together
        Co-expression in the study's profiles.
    remains
        Share of the signature's change that remains in patients from whom it was not learned: it was chosen for its
        change in all of them.
    """

    log_fc: pd.Series
    mean: pd.Series
    signature: pd.Series
    targets: dict[str, pd.Series]
    directions: pd.Series
    together: coexpression.Coexpression
    remains: float = 1.0


def share_that_remains(scores: pd.DataFrame, persister: str) -> float:
    """Return the change of scores by signatures learned without the model, divided by that by the whole signature.

    ``scores``: expression/signature_scores.tsv. At most 1; 1 where no signature could be learned without a model.
    """
    own = scores[scores["timepoint"] == persister].dropna(subset=["relative", "left_out"])
    means = own.groupby("model")[["relative", "left_out"]].mean().mean()
    known = len(own) > 0 and means["relative"] > 0 and means["left_out"] > 0
    return float(min(1.0, means["left_out"] / means["relative"])) if known else 1.0


def targets_of(edges: pd.DataFrame) -> dict[str, pd.Series]:
    """Return factor → direction (±1) by target. A factor is not its own target; repressed targets have direction −1."""
    own = edges[edges["tf"] != edges["target"]]
    side = np.where(own["regulon"].str.endswith("(-)"), -1.0, 1.0) * own["sign"].to_numpy(dtype=float)
    known = own.assign(side=side).drop_duplicates(["tf", "target"])
    return {tf: rows.set_index("target")["side"] for tf, rows in known.groupby("tf", sort=True)}


def shown_directions(effects: pd.DataFrame, tf_of: dict[str, str], sides: dict[str, float], fdr: float) -> pd.Series:
    """Return the direction (±1) of each factor's activity in persisters; factors without a shared one are left out.

    Parameters
    ----------
    effects
        Summary over all arms by regulon: effect, fdr, n.
    tf_of, sides
        Regulon → factor; and +1, or −1 if the regulon contains targets that the factor represses.
    fdr
        Limit of the false discovery rate of the moderated t over models.
    """
    own = effects[(effects["fdr"] <= fdr) & (effects["n"] >= MIN_MODELS) & effects["regulon"].isin(list(tf_of))]
    table = pd.DataFrame(
        {
            "tf": own["regulon"].map(tf_of),
            "side": own["regulon"].map(sides).astype(float),
            "way": np.sign(own["effect"].astype(float)),
        }
    ).sort_values("side", ascending=False, kind="stable")
    table["way"] = table["way"] * table["side"]
    return table.drop_duplicates("tf").set_index("tf")["way"]


def without(signs: pd.Series, tf: str) -> pd.Series:
    """Return a set of genes without the perturbed factor itself."""
    return signs[signs.index != tf]


def compare_one(change: pd.Series, p: pd.Series, row: dict, programme: Programme) -> dict:
    """Return the columns of a perturbation (:data:`EFFECTS`) that do not depend on other perturbations.

    Parameters
    ----------
    change, p
        Log2 fold change and p-value by gene.
    row
        One row of :data:`LISTED`.
    """
    tf, side = row["tf"], GAINS[row["direction"] == GAIN]
    genes = programme.log_fc.index.intersection(change.index).drop(tf, errors="ignore")
    more, mean = side * change.reindex(genes), programme.mean.reindex(genes)
    r, low, high, blocks = effects.correlation(more, programme.log_fc.reindex(genes), programme.together)
    signature = without(programme.signature, tf)
    own = effects.change_of_set(more, signature, mean, programme.together)
    whole = effects.change_of_set(programme.log_fc.reindex(genes), signature, mean, programme.together)
    targets = without(programme.targets.get(tf, pd.Series(dtype=float)), tf)
    reached = effects.change_of_set(more, targets, mean, programme.together)
    follows = {
        way: float((sign * more.reindex(signature.index[signature == sign]).dropna() > 0).mean())
        for way, sign in (("follows_up", 1.0), ("follows_down", -1.0))
    }
    # The programme's own change is used as a scale, without regard to its error.
    scale = programme.remains * whole.shift if whole.shift > 0 else np.nan
    return {
        **row,
        "genes": len(genes),
        "own_log_fc": float(change.get(tf, np.nan)),
        "own_p": float(p.get(tf, np.nan)),
        "correlation": r,
        "correlation_low": low,
        "correlation_high": high,
        "n_blocks": blocks,
        "signature_genes": own.genes,
        "signature_follows": own.follows,
        "signature_follows_expected": own.expected,
        **follows,
        "programme_share": own.shift / scale,
        "programme_share_low": (own.shift - own.half_width) / scale,
        "programme_share_high": (own.shift + own.half_width) / scale,
        "signature_p": own.p,
        "activity_direction": float(programme.directions.get(tf, np.nan)),
        "targets": reached.genes,
        "targets_follow": reached.follows,
        "targets_follow_expected": reached.expected,
        "targets_shift": reached.shift,
        "targets_p": reached.p,
    }


def others_below(own: pd.Series, others: list[pd.Series], tf: str, programme: Programme) -> float:
    """Return the share of other factors' perturbations in which this factor's targets change less (by absolute t).

    ``own``, ``others``: log2 fold changes by gene, of the perturbation and of those of other factors.
    """
    targets = without(programme.targets.get(tf, pd.Series(dtype=float)), tf)

    def size_of(change: pd.Series) -> float:
        genes = programme.log_fc.index.intersection(change.index).drop(tf, errors="ignore")
        mean = programme.mean.reindex(genes)
        return abs(effects.change_of_set(change.reindex(genes), targets, mean, programme.together).t)

    own = size_of(own)
    rest = [size for size in map(size_of, others) if np.isfinite(size)]
    return float(np.mean([size < own for size in rest])) if rest and np.isfinite(own) else np.nan


def judge(row: pd.Series, fdr: float) -> dict[str, str]:
    """Return what shows that the factor changed, and the verdict (one of :data:`verdicts.PERTURBATIONS`).

    ``row``: :data:`EFFECTS`.
    """
    evidence = verdicts.Effect(
        expected=row["activity_direction"], low=row["programme_share_low"], high=row["programme_share_high"],
        fdr=row["signature_fdr"], limit=fdr, direction=row["direction"], own_log_fc=row["own_log_fc"],
        own_p=row["own_p"], targets_shift=row["targets_shift"], targets_p=row["targets_p"],
        validated=row["validated"] == "yes",
    )  # fmt: skip
    return {"factor_changed": evidence.shown_by, "verdict": decide(verdicts.PERTURBATIONS, evidence).name}


def why_not_shown(row: pd.Series) -> str:
    """Return why nothing shows that a perturbation changed its factor."""
    if row["direction"] == INHIBITOR:
        return "an inhibitor need not change its mRNA, and its targets do not show it"
    if np.isnan(row["own_log_fc"]):
        return "its own mRNA is not measured, and its targets do not show it"
    if np.isnan(row["own_p"]):
        return "its own mRNA has no p-value, and its targets do not show it"
    return "neither its own mRNA nor its targets show it"


def note_on(row: pd.Series) -> str:
    """Return the notes on a perturbation for the reader."""
    notes = []
    if np.isnan(row["activity_direction"]):
        notes.append("the factor's activity is not shown to change over patients")
    if row["targets"] == 0:
        notes.append("no targets of this factor are known")
    if np.isnan(row["programme_share_low"]):
        few = row["signature_genes"] < effects.MIN_SET
        notes.append("too few genes of the signature are measured" if few else "too few profiles for co-expression")
    wrong = row["own_log_fc"] * GAINS[row["direction"] == GAIN] < 0 and row["direction"] != INHIBITOR
    if wrong:
        notes.append("its own mRNA changes against the direction of the perturbation")
    if row["factor_changed"] == NOT_SHOWN:
        notes.append(f"not shown that the factor changed ({why_not_shown(row)})")
    return "; ".join(notes)


def compare(listed: pd.DataFrame, table: pd.DataFrame, programme: Programme, fdr: float) -> pd.DataFrame:
    """Return a row (:data:`EFFECTS`) for each perturbation.

    Parameters
    ----------
    listed
        :data:`LISTED`, one row per perturbation.
    table
        Changes of all perturbations (:data:`scripts.perturbations.terms.CHANGES`).
    fdr
        Limit of the false discovery rates over the perturbations.
    """
    kept = dict(list(table.dropna(subset=["log_fc"]).groupby("perturbation")))
    changes = {name: own.set_index("gene")["log_fc"] for name, own in kept.items()}
    rows = []
    for row in listed.to_dict("records"):
        own = kept[row["perturbation"]].set_index("gene")
        found = compare_one(own["log_fc"], own["p"], row, programme)
        others = [changes[name] for name in listed.loc[listed["tf"] != row["tf"], "perturbation"]]
        rows.append(found | {"targets_others_below": others_below(own["log_fc"], others, row["tf"], programme)})
    if not rows:
        return pd.DataFrame(columns=EFFECTS)
    result = pd.DataFrame(rows)
    result["signature_fdr"] = false_discovery_rate(result["signature_p"].to_numpy(dtype=float))
    judged = [judge(row, fdr) for _, row in result.iterrows()]
    result[["factor_changed", "verdict"]] = pd.DataFrame(judged, index=result.index)
    result["note"] = [note_on(row) for _, row in result.iterrows()]
    return result[EFFECTS].astype({"activity_direction": "Int64"})


def tested_factors(result: pd.DataFrame) -> pd.DataFrame:
    """Return a row (:data:`FACTORS`) for each perturbed factor. ``result``: from :func:`compare`."""
    rows = []
    for tf, own in result.groupby("tf", sort=False):
        moves = own["verdict"] == verdicts.MOVES.name
        gains = own["direction"] == GAIN
        against = own["verdict"].isin([verdicts.OPPOSITE.name, verdicts.WITHOUT.name])
        against &= own["factor_changed"] != NOT_SHOWN
        tests = verdicts.Tests(len(own), int((moves & gains).sum()), int((moves & ~gains).sum()), int(against.sum()))
        said = own["perturbation"] + ": " + own["verdict"]
        verdict = decide(verdicts.TESTED, tests).name
        rows.append({"tf": tf, "tested": verdict, "n_perturbations": len(own), "note": "; ".join(said)})
    return pd.DataFrame(rows, columns=FACTORS)


def read_programme(source, params) -> Programme:
    """Return the programme from the study's tables."""
    table = read_labelled(source.expression)
    names = params.contrast
    contrast = f"{names['persister']} vs {names['baseline']}"
    table = table[(table["contrast"] == contrast) & (table["arm"] == ALL_ARMS)].dropna(subset=["log_fc"])
    own = table.set_index("gene")
    values, labels, _ = inputs.read_profiles(source.profiles)
    genes = own.index.intersection(values.columns)
    edges = (
        inputs.read_edges(source.regulons) if getattr(source, "regulons", None) else pd.DataFrame(columns=inputs.EDGES)
    )
    directions = pd.Series(dtype=float)
    if getattr(source, "activity", None):
        activity = read_labelled(source.activity)
        activity = activity[(activity["contrast"] == contrast) & (activity["arm"] == ALL_ARMS)]
        factors = edges.drop_duplicates("regulon").set_index("regulon")["tf"]
        sides = pd.Series(np.where(factors.index.str.endswith("(-)"), -1.0, 1.0), index=factors.index)
        directions = shown_directions(activity, factors.to_dict(), sides.to_dict(), params.fdr)
    return Programme(
        own.loc[genes, "log_fc"], own.loc[genes, "mean_expression"], inputs.read_signature(source.signature),
        targets_of(edges), directions, coexpression.measure(values[genes], labels, params.seed),
        share_that_remains(read_labelled(source.scores), names["persister"]),
    )  # fmt: skip


def main(snakemake) -> None:
    """Read the changes and the programme; write a row per perturbation and per factor."""
    source, params = snakemake.input, snakemake.params
    programme = read_programme(source, params)
    listed = read_labelled(source.listed, "dose", "validated")[LISTED]
    result = compare(listed, pd.read_parquet(source.changes), programme, params.fdr)
    result.to_csv(snakemake.output.perturbations, sep="\t", index=False, float_format="%.6g")
    factors = tested_factors(result)
    factors.to_csv(snakemake.output.factors, sep="\t", index=False)
    if not effects.is_known(programme.together):
        job.log.warning("co-expression is unknown: the profiles have %d degrees of freedom", programme.together.df)
    job.log.info("%d perturbations of %d factors: %s", len(result), len(factors), "; ".join(factors["note"]))


if __name__ == "__main__":
    job.run(main, snakemake)
