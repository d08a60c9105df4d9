"""All evidence on each regulon, of all models and without single ones, and its joint rank."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from scripts.scenic.regulons import represses
from scripts.stats import flips, paired
from scripts.switches.evidence import on_off, rank_product, reach
from scripts.switches.evidence.terms import COLUMNS, PERTURBATION

KINDS = ("activity", "on_off", "signature_enrichment", "knockout")
"""Kinds of evidence that the rank product joins. Not where relapse lies: the few models with one don't determine it."""
NOT_BETTER = "knock-out: not better than the mean change of its targets, by perturbations"
MISSING = {
    "on_off": "on/off: no cells, or thresholds of untreated and treated differ",
    "signature_enrichment": "reach: no signature",
    "knockout": "knock-out: too few persisters in every model, or the factor isn't measured",
}


@dataclass(frozen=True)
class Sources:
    """What is known by model; every table may be empty.

    ``differences``: activity, (model, arm) × regulons. ``sd``: unit of activity. ``on``: share of cells
    on, (model, arm) × regulons. ``changes``: models × genes. ``edges``: regulons. ``signature``: ±1 by gene.
    ``mean``: mean expression of possible targets. ``knockout``: model, tf and what :mod:`knockout` found. ``factors``:
    tf by regulon. ``seed``: of the flips or rotations that enrichment is tested against. ``ranks_knockout``: whether
    the knock-out plays a part in the rank.
    """

    differences: pd.DataFrame
    sd: pd.Series
    edges: pd.DataFrame
    factors: dict[str, str]
    on: pd.DataFrame = field(default_factory=pd.DataFrame)
    changes: pd.DataFrame = field(default_factory=pd.DataFrame)
    signature: pd.Series = field(default_factory=lambda: pd.Series(dtype=float))
    mean: pd.Series = field(default_factory=lambda: pd.Series(dtype=float))
    knockout: pd.DataFrame = field(default_factory=pd.DataFrame)
    seed: int = 0
    ranks_knockout: bool = True

    @property
    def models(self) -> list[str]:
        """Models with a difference."""
        return list(dict.fromkeys(self.differences.index.get_level_values("model")))

    def without(self, model: str) -> Sources:
        """Return the same without a model; the signature is learned again from the others, in the same size."""

        def drop(table: pd.DataFrame) -> pd.DataFrame:
            return table if table.empty else table[table.index.get_level_values("model") != model]

        changes = self.changes[self.changes.index != model]
        size = int(max((self.signature > 0).sum(), (self.signature < 0).sum(), 0))
        signature = reach.learn_signature(changes, size) if size and len(changes) else self.signature
        knockout = self.knockout if self.knockout.empty else self.knockout[self.knockout["model"] != model]
        return Sources(
            drop(self.differences), self.sd, self.edges, self.factors, drop(self.on), changes, signature, self.mean,
            knockout, self.seed, self.ranks_knockout,
        )  # fmt: skip


def weakest(table: pd.DataFrame) -> pd.Series:
    """Return by feature the size of the mean difference left without the most favourable model (see switches).

    ``table``: models × features in units of sd; with one model, which can't be left out, the size of its difference.
    """
    n = table.notna().sum()
    mean = table.mean()
    sums = table.sum()
    left = ((sums - table) / (n - 1).where(n > 1)).mul(np.sign(mean)).min()
    return left.where(n > 1, mean.abs()).where(n > 0)


def of_factors(side: pd.Series, factors: dict[str, str]) -> pd.Series:
    """Return the direction of each factor from those of its regulons (``side``): that of the activated targets, or the
    opposite of that of the repressed ones where it has no others.
    """
    against = represses(side.index)
    table = pd.DataFrame({"tf": side.index.map(factors), "side": side.to_numpy() * np.where(against, -1.0, 1.0)})
    order = np.argsort(against, kind="stable")
    return table.iloc[order].drop_duplicates("tf").set_index("tf")["side"].astype(float)


def join_perturbations(table: pd.DataFrame, direction: pd.Series) -> pd.DataFrame:
    """Return by factor (:data:`PERTURBATION`) what its silencing does, joined over models.

    ``direction``: of its regulon's activity in persisters, by factor. One that is more active is set to zero, one that
    is less active to its untreated level. ``perturbation_share``: part of the distance between untreated and persister
    that the score goes back, ratio of sums over models. No interval over models: the signature was learned from them.
    """
    if table.empty:
        return pd.DataFrame(columns=PERTURBATION)
    side = table["tf"].map(direction)
    table = table[side.notna() & (side != 0)].assign(
        level=np.where(side > 0, "zero", "untreated")[side.notna() & (side != 0)]
    )
    zero = table["level"] == "zero"
    table = table.assign(
        change=table["zero_change"].where(zero, table["untreated_change"]),
        after=table["classed_zero"].where(zero, table["classed_untreated"]),
    )
    wide = table.pivot(index="model", columns="tf", values="change")
    groups = table.groupby("tf")
    shift = groups["programme_shift"].sum()
    return pd.DataFrame(
        {
            "perturbation_level": groups["level"].first(),
            "perturbation_change": wide.mean(),
            "perturbation_k": (wide < 0).sum(),
            "perturbation_n": wide.notna().sum(),
            "perturbation_share": -groups["change"].sum() / shift.where(shift > 0),
            "perturbation_targets_change": groups["targets_change"].mean(),
            "perturbation_classed_before": groups["classed_before"].mean(),
            "perturbation_classed_after": groups["after"].mean(),
        }
    )[PERTURBATION]


def measure(sources: Sources) -> pd.DataFrame:
    """Return regulons × :data:`KINDS`, more is better, NaN where there is no evidence."""
    standardised = paired.over_arms(sources.differences) / sources.sd.reindex(sources.differences.columns)
    effect = standardised.mean()
    side = np.sign(effect)
    found = pd.DataFrame(index=effect.index, columns=list(KINDS), dtype=float)
    found["activity"] = weakest(standardised)
    if len(sources.on):
        found["on_off"] = side * paired.over_arms(sources.on).mean().reindex(effect.index)
    if len(sources.signature):
        table = reach.count_reached(reach.make_pool(sources.edges, sources.mean), sources.signature, side)
        found["signature_enrichment"] = table["signature_enrichment_log2"].reindex(effect.index)
    if len(sources.knockout) and sources.ranks_knockout:
        share = join_perturbations(sources.knockout, of_factors(side, sources.factors))["perturbation_share"]
        found["knockout"] = found.index.map(sources.factors).map(share)
    return found


def arm_weakest(differences: pd.DataFrame, sd: pd.Series) -> pd.Series:
    """Return by regulon the smallest mean difference of an arm in the direction of all; NaN with one arm."""
    standardised = differences / sd.reindex(differences.columns)
    by_arm = standardised.groupby(level="arm").mean()
    if len(by_arm) < 2:
        return pd.Series(np.nan, index=differences.columns)
    return by_arm.mul(np.sign(paired.over_arms(standardised).mean())).min()


def missing_words(evidence: pd.DataFrame, ranks_knockout: bool = True) -> pd.Series:
    """Return, by regulon, which kinds of evidence there are not, and why."""
    reasons = MISSING if ranks_knockout else MISSING | {"knockout": NOT_BETTER}
    words = [
        "; ".join(text for kind, text in reasons.items() if not np.isfinite(row[kind]))
        for _, row in evidence.iterrows()
    ]
    return pd.Series(words, index=evidence.index, dtype=object)


def assemble(
    sources: Sources,
    flipped: pd.DataFrame,
    on_shares: pd.DataFrame,
    stability: pd.DataFrame,
    families: pd.Series,
) -> pd.DataFrame:
    """Return regulons × :data:`COLUMNS`.

    ``flipped``: :data:`flips.FLIPS` by regulon; ``on_shares``: share of cells on by regulon (columns of
    :data:`terms.ON` up to the difference); ``stability``: by regulon; ``families``: by factor.
    """
    evidence = measure(sources)
    index = evidence.index
    table = pd.DataFrame(np.nan, index=index, columns=COLUMNS)
    for name in flips.FLIPS[2:]:
        if name in flipped:
            table[name] = flipped[name].reindex(index)
    table["arm_weakest"] = arm_weakest(sources.differences, sources.sd).reindex(index)
    if len(sources.on):
        for name in on_shares:
            table[name] = on_shares[name].reindex(index)
        change = paired.summarise(
            paired.over_arms(sources.on),
            pd.Series(1.0, index=sources.on.columns),
        )
        # No interval: that of a difference of shares over few models covers .84 where cells on are rare.
        for name, column in (("on_difference", "effect"), ("on_k", "k")):
            table[name] = change[column].reindex(index)
    if len(stability):
        firm = on_off.summarise_stability(stability)
        for name in ("bimodal_models", "threshold_agreement"):
            table[name] = firm[name].reindex(index)
    effect = paired.over_arms(sources.differences).mean()
    if len(sources.signature):
        activity = paired.over_arms(sources.differences)
        own = reach.reach(
            sources.edges, sources.signature, np.sign(effect), sources.mean, sources.changes, activity, sources.seed
        )
        for name in reach.REACH[1:]:
            table[name] = own[name].reindex(index)
    tf = index.map(sources.factors)
    if len(sources.knockout):
        own = join_perturbations(sources.knockout, of_factors(np.sign(effect), sources.factors))
        for name in own:
            table[name] = own[name].reindex(tf).to_numpy()
    table["family"] = pd.Series(tf, index=index).map(families).fillna("")
    table["perturbation_level"] = table["perturbation_level"].fillna("")
    ranked = rank_product.rank_product(evidence)
    without = {model: measure(sources.without(model)) for model in sources.models} if len(sources.models) > 1 else {}
    interval = rank_product.rank_interval(without, index)
    for source in (ranked, interval):
        for name in source:
            table[name] = source[name]
    table["evidence_missing"] = missing_words(evidence, sources.ranks_knockout)
    return table[COLUMNS]
