"""The ranked table of switches: separate evidence, a verdict by explicit rules, an order over all patients."""

from __future__ import annotations

import numpy as np
import pandas as pd

from scripts.base.verdicts import decide
from scripts.perturbations.verdicts import NOT_TESTED
from scripts.scenic.regulons import represses
from scripts.stats import paired
from scripts.stats.paired import ALL_ARMS
from scripts.switches import checks, verdicts
from scripts.switches.evidence import terms

SWITCHES = [
    "tf", "regulon", "verdict", "tested", "direction", "n", "k", "effect", "ci_low", "ci_high", "sd",
    "activity_change_sd", "activity_change_sd_low", "activity_change_sd_high", "loo_min_effect", "loo_stable",
    "spread", "t", "p", "fdr", "fdr_least", "same_direction", *checks.COLUMNS, "by_arm", "relapse_position",
    "n_relapse", "targets", "targets_log2fc", "targets_k",
    "targets_distrusted", "mrna_log2fc", "mrna_ci_low", "mrna_ci_high", "mrna_k",
    "mrna_n", "mrna", "stress_shared", "stress_fdr", "cycle_shared", "cycle_fdr", "hypoxia_shared", "hypoxia_fdr",
    "explained_by", "note", *terms.COLUMNS,
]  # fmt: skip


UNTESTED_ENRICHMENT = "enrichment in the signature unclear: too few models to decide, or no signature"


OWN_DISTRUSTED = "the factor's own mRNA is distrusted"


def compare_arms(differences: pd.DataFrame, sd: pd.Series) -> pd.DataFrame:
    """Return the summary by arm and regulon of how the arm's change differs from that of the same models' other arms.

    ``differences``: (model, arm) × regulons. The false discovery rate is over all arms and regulons.
    """
    found = paired.between_arms(differences)
    if not len(found):
        return pd.DataFrame(columns=["arm", "regulon", "n", "fdr", "activity_change_sd"])
    table = paired.summarise_arms(found, sd).rename(columns={"feature": "regulon"})
    table = table[table["arm"] != ALL_ARMS]
    return table.assign(fdr=paired.false_discovery_rate(table["p"].to_numpy(dtype=float)))


def differing_arm(by_arm: pd.DataFrame, between: pd.DataFrame, fdr: float) -> str:
    """Return the arm whose change differs from that of the other arms of the same models, or nothing.

    ``by_arm``: the regulon's summary by arm; ``between``: its rows of :func:`compare_arms`. Where several arms differ
    (with two, each differs from the other), the one with the largest change.
    """
    sure = between.loc[between["fdr"] <= fdr, "arm"]
    changes = by_arm.set_index("arm")["activity_change_sd"].abs().reindex(sure)
    return str(changes.idxmax()) if changes.notna().any() else ""


def judge(row: pd.Series, arm: str, explained_by: list[str], enrichment: float = np.nan, *, fdr: float) -> str:
    """Return the verdict on a regulon (one of :data:`verdicts.VERDICTS`).

    Parameters
    ----------
    row
        The regulon's summary over the models: n, same_direction, fdr, fdr_least, activity_change_sd; if its activity
        was measured at equal depth, also depth_share and fdr_at_equal_depth.
    arm
        What :func:`differing_arm` found.
    explained_by
        Known programmes whose genes explain the change.
    enrichment
        p-value of the targets' enrichment in the signature; NaN if it couldn't be tested.
    fdr
        Limit of the false discovery rates.
    """
    evidence = verdicts.Evidence(
        n=row["n"], same_direction=row["same_direction"], fdr=row["fdr"], effect=row["activity_change_sd"],
        limit=fdr, fdr_least=row["fdr_least"], arm=arm, explained_by=tuple(explained_by), enrichment_p=enrichment,
        depth_share=row.get("depth_share", np.nan), depth_fdr=row.get("fdr_at_equal_depth", np.nan),
    )  # fmt: skip
    return decide(verdicts.VERDICTS, evidence).name


def direction(effect: float) -> str:
    """Return whether activity rises or falls on average; ``k`` is the number of models that agree."""
    return "" if not np.isfinite(effect) or effect == 0 else "up" if effect > 0 else "down"


def judge_mrna(mrna: pd.Series, effect: float, fdr: float) -> str:
    """Return whether the factor's own mRNA changes with its activity (one of :data:`verdicts.MRNA`).

    ``mrna``: summary of its log2 fold change over models; ``effect``: mean change in activity.
    """
    change = verdicts.Transcription(
        n=mrna["n"], same_direction=mrna["same_direction"], fdr=mrna["fdr"], effect=mrna["effect"], limit=fdr,
        activity=effect,
    )  # fmt: skip
    return decide(verdicts.MRNA, change).name


def of_factor(regulon: str, effect: float) -> float:
    """Return a regulon's change as that of its factor: repressed targets, NAME(-), rise where the factor falls."""
    return -effect if represses(pd.Index([regulon]))[0] else effect


def describe_arms(by_arm: pd.DataFrame) -> str:
    """Return the standardised effect of each arm in words: 'AC +0.52 (1); capecitabine +0.48 (4)'."""
    shown = by_arm[by_arm["n"] > 0]
    return "; ".join(f"{row.arm} {row.activity_change_sd:+.2f} ({int(row.n)})" for row in shown.itertuples())


def note_on(row: pd.Series, arm: str, unmeasured: list[str] = (), untested: bool = False, fdr: float = 0.05) -> str:
    """Return the note of a row that has its final verdict.

    ``unmeasured``: models whose cells don't show enough targets. ``untested``: the enrichment couldn't be tested.
    ``fdr``: limit of the false discovery rates.
    """
    notes = []
    if row["n"] in (1, 2):
        notes.append("n = 1 model" if row["n"] == 1 else "n = 2 models")
    if row["verdict"] == verdicts.BY_ARM.name:
        notes.append(f"the change is largest in arm {arm}")
    if row["n"] >= 2 and row["loo_stable"] < row["n"]:
        notes.append("depends on one model: the sign changes without it")
    if row["verdict"] == verdicts.SHARED.name and np.sign(row["targets_log2fc"]) == -np.sign(row["effect"]):
        notes.append("the expression of its targets changes in the opposite direction")
    notes += [note] if (note := checks.note_on_platform(row, fdr)) else []
    if row["verdict"] == verdicts.SHARED.name and untested:
        notes.append(UNTESTED_ENRICHMENT)
    if row.get("targets_distrusted", 0.0) > 0:
        notes.append(f"{row['targets_distrusted']:.0%} of its targets' weight is on distrusted genes")
    if unmeasured:
        notes.append(f"not measured in {', '.join(unmeasured)}")
    return "; ".join(notes)


def evidence_of(table: pd.DataFrame) -> pd.Series:
    """Return the number that orders rows: the standardised effect left without the most favourable model.

    With one model, which can't be left out, its effect. In simulation this orders planted switches as well as a
    moderated t does, and better than mean effect or t: it requires both size and agreement, and no patient decides
    alone.
    """
    return table["loo_min_effect"].where(table["n"] > 1, table["activity_change_sd"].abs())


def rank(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table, best first: shared switches, then all others; in each by the rank product of the evidence, then
    by :func:`evidence_of`, then by name.

    In simulated studies (tests/switches) the rank product ranks planted switches first more often than
    activity alone: a regulon of chance targets may be as active, but hardly reaches or carries the signature.
    """
    order = table.assign(
        _first=table["verdict"] != verdicts.SHARED.name,
        _rank=table["rank_product"].astype(float),
        _evidence=-evidence_of(table).astype(float),
    )
    order = order.sort_values(["_first", "_rank", "_evidence", "regulon"], na_position="last", kind="stable")
    return table.loc[order.index].reset_index(drop=True)


def build(
    effects: pd.DataFrame,
    overlaps: pd.DataFrame,
    targets: pd.DataFrame,
    mrna: pd.DataFrame,
    positions: pd.DataFrame,
    factors: dict[str, str],
    *,
    fdr: float,
    min_effect: float,
    between: pd.DataFrame | None = None,
    evidence: pd.DataFrame | None = None,
    unmeasured: dict[str, list[str]] | None = None,
    checked: pd.DataFrame | None = None,
    distrusted: pd.Series | None = None,
    untrusted_factors: frozenset[str] = frozenset(),
    tested: dict[str, str] | None = None,
) -> pd.DataFrame:
    """Return the table of switches (:data:`SWITCHES`), best first.

    ``effects``: summary of the persister contrast by arm and regulon. ``targets``, ``mrna``: summaries of expression
    changes by regulon and by factor. ``positions``: relapse position by regulon. ``factors``: tf by regulon.
    ``min_effect``: shift (in units of sd) from which a relapse position is given. ``between``: arms compared within
    models (:func:`compare_arms`). ``evidence``: more columns by regulon
    (:mod:`evidence.assemble`). ``unmeasured``: by regulon, the models that don't measure it at both timepoints.
    ``checked``: by regulon, its change at equal depth and by platform (:data:`checks.COLUMNS`). ``distrusted``: by
    regulon, the share of its targets' weight on genes to distrust; ``untrusted_factors``: factors that are such genes.
    ``tested``: verdict of perturbations by factor (:data:`scripts.perturbations.verdicts.TESTED`).
    """
    whole = effects[effects["arm"] == ALL_ARMS].set_index("regulon")
    if checked is not None:
        whole = whole.join(checked.reindex(columns=checks.COLUMNS))
    arms = dict(list(effects[effects["arm"] != ALL_ARMS].groupby("regulon")))
    no_arms = pd.DataFrame(columns=["arm", "fdr"])
    compared = {} if between is None else dict(list(between.groupby("regulon")))
    shared = overlaps.set_index(["regulon", "programme"])
    carriers = overlaps[overlaps["carries"] == "yes"].groupby("regulon")["programme"].agg(list).to_dict()
    rows = []
    for regulon, row in whole.iterrows():
        tf = factors[regulon]
        by_arm = arms.get(regulon, effects.iloc[:0])
        arm = differing_arm(by_arm, compared.get(regulon, no_arms), fdr)
        change, own = targets.loc[regulon], mrna.loc[tf]
        more = evidence.loc[regulon] if evidence is not None and regulon in evidence.index else pd.Series(dtype=object)
        enrichment = more.get("signature_enrichment_p", np.nan)
        verdict = judge(row, arm, carriers.get(regulon, []), enrichment, fdr=fdr)
        found = {"tf": tf, "regulon": regulon, **row, "verdict": verdict, "direction": direction(row["effect"])}
        found["tested"] = (tested or {}).get(tf, NOT_TESTED.name)
        found |= {"by_arm": describe_arms(by_arm), "explained_by": ",".join(carriers.get(regulon, []))}
        found |= {"targets_log2fc": change["effect"], "targets_k": change["k"], "mrna_log2fc": own["effect"]}
        found |= {"mrna_ci_low": own["ci_low"], "mrna_ci_high": own["ci_high"], "mrna_k": own["k"], "mrna_n": own["n"]}
        found["mrna"] = judge_mrna(own, of_factor(regulon, row["effect"]), fdr)
        for short, programme in (("stress", "stress"), ("cycle", "cell cycle"), ("hypoxia", "hypoxia")):
            entry = shared.loc[(regulon, programme)]
            found |= {f"{short}_shared": entry["shared"], f"{short}_fdr": entry["fdr"], "targets": entry["targets"]}
        position = positions.loc[regulon] if regulon in positions.index else None
        # Where persisters don't differ there is nothing to return from.
        moved = position is not None and position["n"] > 0 and abs(position["shift"]) >= min_effect * row["sd"]
        found["relapse_position"] = position["position"] if moved else np.nan
        found["n_relapse"] = int(position["n"]) if position is not None else 0
        untested = bool(len(more)) and not np.isfinite(enrichment)
        found["targets_distrusted"] = 0.0 if distrusted is None else distrusted[regulon]
        found["note"] = note_on(pd.Series(found), arm, (unmeasured or {}).get(regulon, []), untested, fdr)
        if tf in untrusted_factors:
            found["note"] = "; ".join(filter(None, [found["note"], OWN_DISTRUSTED]))
        rows.append(found | more.to_dict())
    table = pd.DataFrame(rows, columns=SWITCHES)
    whole_numbers = ["n", "k", "targets", "targets_k", "mrna_k", "mrna_n", "n_relapse", "stress_shared", "cycle_shared"]
    whole_numbers += [
        "on_k",
        "bimodal_models",
        "signature_enrichment_targets",
        "perturbation_k",
        "perturbation_n",
        "n_evidence",
        "evidence_rank",
    ]
    numbers = [*whole_numbers, "hypoxia_shared", "loo_stable", "rank_best", "rank_worst"]
    table[numbers] = table[numbers].astype(float).astype("Int64")
    return rank(table)
