"""The ranked table of switches: separate evidence, a verdict by plain rules, an order that no patient decides alone."""

from __future__ import annotations

import numpy as np
import pandas as pd

from scripts.stats.paired import ALL_ARMS
from scripts.switches.evidence import terms

MIN_MODELS = 3
"""Models that a shared change needs: the signs of two agree in every second regulon by chance."""
SHARED, BESIDE, ARM_ONLY, SMALL, UNCLEAR, FEW, UNTESTED = (
    "shared switch", "shared, not enriched in signature", "treatment arm only", "shared but small", "no shared change",
    "too few models", "not tested",
)  # fmt: skip
MRNA = ("follows", "opposite", "no shared change", "too few models", "not measured")
SWITCHES = [
    "tf", "regulon", "verdict", "direction", "n", "k", "effect", "ci_low", "ci_high", "sd", "activity_change_sd",
    "activity_change_sd_low", "activity_change_sd_high", "loo_min_effect", "loo_stable", "p", "p_min", "fdr", "t",
    "p_t", "fdr_t", "p_mod", "fdr_mod",
    "by_arm", "relapse_position", "n_relapse", "targets", "targets_log2fc", "targets_k", "mrna_log2fc",
    "mrna_ci_low", "mrna_ci_high", "mrna_k", "mrna_n", "mrna", "stress_shared", "stress_fdr", "cycle_shared",
    "cycle_fdr", "hypoxia_shared", "hypoxia_fdr", "explained_by", "note", *terms.COLUMNS,
]  # fmt: skip


def is_shared(row: pd.Series, fdr: float) -> bool:
    """Return whether a change is shared: three models or more, all of one direction, the moderated t at the FDR."""
    return bool(row["n"] >= MIN_MODELS and row["k"] == row["n"] and row["fdr_mod"] <= fdr)


def arm_only(by_arm: pd.DataFrame, min_effect: float) -> str:
    """Return the one arm in which a regulon changes, or nothing.

    ``by_arm``: the regulon's summary by arm (without the row of all arms). The arm has two models or more, all of one
    direction, and shifts by ``min_effect`` or more; every other arm shifts less, or the other way.
    """
    strong = by_arm[
        (by_arm["n"] >= 2) & (by_arm["k"] == by_arm["n"]) & (by_arm["activity_change_sd"].abs() >= min_effect)
    ]
    if len(strong) != 1 or len(by_arm) < 2:
        return ""
    one = strong.iloc[0]
    others = by_arm[by_arm["arm"] != one["arm"]]
    alike = (others["activity_change_sd"].abs() >= min_effect) & (
        np.sign(others["activity_change_sd"]) == np.sign(one["activity_change_sd"])
    )
    return "" if alike.any() or others["activity_change_sd"].isna().any() else str(one["arm"])


def judge(row: pd.Series, arm: str, carriers: list[str], *, fdr: float, min_effect: float) -> str:
    """Return the verdict on a regulon. ``arm``: what :func:`arm_only` found; ``carriers``: programmes that carry it.

    In this order: nothing to compare; fewer than three models; a shared change that a known programme carries (its name
    is the verdict); a shared change of ``min_effect`` or more (a switch if it reaches the programme, see
    :func:`reaches`); a smaller one; a change in one arm; none of these.
    """
    if row["n"] == 0:
        return UNTESTED
    if row["n"] < MIN_MODELS:
        return FEW
    if is_shared(row, fdr):
        if carriers:
            return carriers[0]
        return SHARED if abs(row["activity_change_sd"]) >= min_effect else SMALL
    return ARM_ONLY if arm else UNCLEAR


def reaches(evidence: pd.Series, fdr: float) -> bool:
    """Return whether the regulon's targets hold more of the signature than chance; True where that isn't known.

    A regulon of chance targets moves with the few of them that the programme moves, in all patients alike: in simulated
    studies one or two in ten did, and a shared change of activity alone would call them switches of the programme.
    """
    return not (
        pd.notna(evidence.get("signature_enrichment_fdr", np.nan)) and evidence["signature_enrichment_fdr"] > fdr
    )


def direction(effect: float) -> str:
    """Return whether activity goes up or down on average; how many models agree is told by ``k``."""
    return "" if not np.isfinite(effect) or effect == 0 else "up" if effect > 0 else "down"


def judge_mrna(mrna: pd.Series, effect: float, fdr: float) -> str:
    """Return (one of :data:`MRNA`) whether the factor's own mRNA goes where its activity does.

    ``mrna``: summary of its log2 fold change over models. It follows (or is opposite) where its change is shared by the
    rule for activity; otherwise no shared change is shown, which is not proof that there is none.
    """
    if mrna["n"] == 0:
        return "not measured"
    if mrna["n"] < MIN_MODELS:
        return "too few models"
    if not is_shared(mrna, fdr):
        return "no shared change"
    return "follows" if np.sign(mrna["effect"]) == np.sign(effect) else "opposite"


def describe_arms(by_arm: pd.DataFrame) -> str:
    """Return the standardised effect of each arm in words: 'AC +0.52 (1); capecitabine +0.48 (4)'."""
    shown = by_arm[by_arm["n"] > 0]
    return "; ".join(f"{row.arm} {row.activity_change_sd:+.2f} ({int(row.n)})" for row in shown.itertuples())


def note_on(row: pd.Series, arm: str, confounded: set[str], unmeasured: list[str] = ()) -> str:
    """Return what a reader must know about this row. ``unmeasured``: models whose cells don't show enough targets."""
    notes = []
    if row["n"] in (1, 2):
        notes.append("n = 1 model" if row["n"] == 1 else "n = 2 models")
    if row["verdict"] == ARM_ONLY:
        notes.append(f"arm {arm}" + (", confounded with its patients" if arm in confounded else ""))
    if row["n"] >= 2 and row["loo_stable"] < row["n"]:
        notes.append("hangs on one model: its sign changes without it")
    if row["verdict"] == SHARED and np.sign(row["targets_log2fc"]) == -np.sign(row["effect"]):
        notes.append("its targets' expression goes the other way")
    if unmeasured:
        notes.append(f"not measured in {', '.join(unmeasured)}")
    return "; ".join(notes)


def evidence_of(table: pd.DataFrame) -> pd.Series:
    """Return the number that orders rows: the standardised effect left without the most favourable model.

    With one model, which can't be left out, its effect. In simulation this orders planted switches as well as a
    moderated t does, and better than mean effect or t: it asks for size and agreement at once, and no patient decides
    alone.
    """
    return table["loo_min_effect"].where(table["n"] > 1, table["activity_change_sd"].abs())


def rank(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table, best first: shared switches, then all others; in each by the rank product of the evidence, then
    by :func:`evidence_of`, then by name.

    In simulated studies (tests/switches) the rank product brings planted switches to the top more often than
    activity alone: a regulon of chance targets may be as active, but hardly reaches or carries the signature.
    """
    order = table.assign(
        _first=table["verdict"] != SHARED,
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
    confounded: set[str],
    *,
    fdr: float,
    min_effect: float,
    evidence: pd.DataFrame | None = None,
    unmeasured: dict[str, list[str]] | None = None,
) -> pd.DataFrame:
    """Return the table of switches (:data:`SWITCHES`), best first.

    ``effects``: summary of the persister contrast by arm and regulon. ``targets``, ``mrna``: summaries of expression
    changes by regulon and by factor. ``positions``: relapse position by regulon. ``factors``: tf by regulon.
    ``confounded``: arms that can't be told apart from their patients. ``evidence``: more columns by regulon
    (:mod:`evidence.assemble`). ``unmeasured``: by regulon, the models that don't measure it at both timepoints.
    """
    whole = effects[effects["arm"] == ALL_ARMS].set_index("regulon")
    arms = dict(list(effects[effects["arm"] != ALL_ARMS].groupby("regulon")))
    shared = overlaps.set_index(["regulon", "programme"])
    carriers = overlaps[overlaps["carries"] == "yes"].groupby("regulon")["programme"].agg(list).to_dict()
    rows = []
    for regulon, row in whole.iterrows():
        tf = factors[regulon]
        by_arm = arms.get(regulon, effects.iloc[:0])
        arm, change, own = arm_only(by_arm, min_effect), targets.loc[regulon], mrna.loc[tf]
        verdict = judge(row, arm, carriers.get(regulon, []), fdr=fdr, min_effect=min_effect)
        found = {"tf": tf, "regulon": regulon, **row, "verdict": verdict, "direction": direction(row["effect"])}
        found |= {"by_arm": describe_arms(by_arm), "explained_by": ",".join(carriers.get(regulon, []))}
        found |= {"targets_log2fc": change["effect"], "targets_k": change["k"], "mrna_log2fc": own["effect"]}
        found |= {"mrna_ci_low": own["ci_low"], "mrna_ci_high": own["ci_high"], "mrna_k": own["k"], "mrna_n": own["n"]}
        found["mrna"] = judge_mrna(own, row["effect"], fdr)
        for short, programme in (("stress", "stress"), ("cycle", "cell cycle"), ("hypoxia", "hypoxia")):
            entry = shared.loc[(regulon, programme)]
            found |= {f"{short}_shared": entry["shared"], f"{short}_fdr": entry["fdr"], "targets": entry["targets"]}
        position = positions.loc[regulon] if regulon in positions.index else None
        # Where persisters don't differ there is nothing to return from.
        moved = position is not None and position["n"] > 0 and abs(position["shift"]) >= min_effect * row["sd"]
        found["relapse_position"] = position["position"] if moved else np.nan
        found["n_relapse"] = int(position["n"]) if position is not None else 0
        found["note"] = note_on(pd.Series(found), arm, confounded, (unmeasured or {}).get(regulon, []))
        if evidence is not None and regulon in evidence.index:
            found |= evidence.loc[regulon].to_dict()
            if verdict == SHARED and not reaches(evidence.loc[regulon], fdr):
                found["verdict"] = BESIDE
        rows.append(found)
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
