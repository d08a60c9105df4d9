"""Sentences of the page on measured error rates that say what a topic's rates come to, with their figures."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import fill

import pandas as pd

from calibration import gene_sets, mixed_models
from calibration.row import POWER, TYPE_1

WIDTH = 120
MOST = 0.065
"""Largest type I error that passes for 0.05."""


def wrapped(text: str) -> str:
    """Return a paragraph in lines of the docs' width."""
    return fill(" ".join(text.split()), WIDTH)


def extent(rates: pd.Series) -> str:
    """Return the smallest and the largest rate in words."""
    return f"{rates.min():.3f} to {rates.max():.3f}"


def on_power(own: pd.DataFrame, _: pd.DataFrame) -> str:
    """Return how size-adjusted power compares with that of limma's moderated paired t."""
    adjusted = own[own["truth"].str.endswith("; size-adjusted")]
    differences = adjusted["rate"] - adjusted["level"]
    lowest = adjusted.loc[differences.idxmin()]
    held = int((differences >= -2 * adjusted["error"]).sum())
    return wrapped(f"""
        A test that calls more where nothing changes also finds more where something does. Power is therefore compared
        at equal size: each test has the cut-off on its FDR by which it calls something in 5 % of simulated studies
        without an effect. The headline then is at least as powerful as limma's moderated paired t, give or take two
        Monte-Carlo errors, in {held} of {len(adjusted)} settings; the difference is {differences.min():+.3f} to
        {differences.max():+.3f}, the lowest in {lowest["design"]}. Powers at the nominal level stand next to them with
        the family-wise error of either test.""")


def on_mixed_models(own: pd.DataFrame, whole: pd.DataFrame) -> str:
    """Return how duplicateCorrelation does next to the headline."""

    def of(method: str, quantity: str) -> pd.Series:
        return own[(own["what"] == mixed_models.METHODS[method]) & (own["quantity"] == quantity)]["rate"]

    state, model = mixed_models.BLOCKS
    methods = (state, model, "headline")
    size, power = ([extent(of(method, kind)) for method in methods] for kind in (TYPE_1, POWER))
    above = [int((of(method, TYPE_1) > MOST).sum()) for method in methods]
    paired = whole[(whole["topic"] == "paired") & (whole["quantity"] == TYPE_1)]["rate"]
    return wrapped(f"""
        Mixed models take all samples, with one correlation within blocks for all features (limma's
        duplicateCorrelation, by pylimma; dream is not available in Python). In {len(of(state, TYPE_1))} settings, 15
        studies each, their type I error at 0.05 is {size[0]} with blocks of {state} and models as fixed effects (above
        {MOST} in {above[0]}), and {size[1]} with blocks of {model} (in {above[1]}); that of the headline's paired
        differences is {size[2]} (in {above[2]}). Power is {power[0]}, {power[1]} and {power[2]}. The mixed models find
        more, but their error exceeds its level where patients' changes differ; the headline's, from more studies
        (topic *paired*), is {extent(paired)} in all designs. Therefore it stays the headline.""")


def on_gene_sets(own: pd.DataFrame, _: pd.DataFrame) -> str:
    """Return how the paired t of gene sets does next to flips and camera."""

    def of(what: tuple[str, ...], quantity: str, designs: tuple[str, ...]) -> pd.Series:
        chosen = own["what"].eq("; ".join(what)) & own["quantity"].eq(quantity) & own["design"].isin(designs)
        return own[chosen & ~own["truth"].str.contains("in one collection")]["rate"]

    all_designs = tuple(own["design"].unique())
    both = ("5 × (1+1)", "8 × (1+1)")
    size, power = ([extent(of(what, kind, all_designs)) for what in SETS] for kind in (TYPE_1, POWER))
    camera = [extent(of(gene_sets.CAMERA, kind, both)) for kind in (TYPE_1, POWER)]
    few = extent(of(gene_sets.FLIPS, POWER, ("3 × (1+1)", "5 × (1+1)")))
    return wrapped(f"""
        The p-value of a gene set is that of a paired t over models, each model's mean change of the set's genes minus
        that of all others. Correlation between genes is contained in how models differ. At correlations of 0 to 0.3 its
        type I error is {size[0]}, its power {power[0]}. Exact flips of whole models' signs have {size[1]} and
        {power[1]}; with three and five models they give no p-value below .05 (power {few}), and with more not more
        power than t. Camera, whose replicates are genes, has {camera[0]} and {camera[1]} with five and eight models.
        Therefore t is printed. Replicates of a model and arms are averaged before, so that designs with several samples
        or arms are those with one sample each and less noise (topics *paired*, *arms*).""")


SETS = (gene_sets.P, gene_sets.FLIPS)
UNTRIED = {
    "biopsy": """
        Training models have one mean and one distribution of cells in each state: replicates add cells, and
        arms don't enter. Designs with several samples or arms are therefore not listed apart. Depth doesn't
        differ: training cells are thinned to the biopsy's depth or it to theirs. Normal cells are simulated
        as the worst may be, similar to persisters. Where the check of non-tumour cells or of far cells
        warns, neither interval nor call is printed.""",
    "confounders": """
        Replicates are pooled and arms averaged before: each model has one difference. Designs with several
        samples or arms are those with one, whose spread differs between models (three-fold). Depth is a way
        of adjustment and has a topic of its own. One hundred models are measured for intervals; for the
        p-value their flips are drawn as for 25, and one study takes a minute. Intervals of shares are
        listed below 25 models too, where they are not printed: the share of a mixture (none remains in one
        patient of four) is then not covered.""",
    "marker_composition": """
        Each model has one difference per marker, replicates pooled and arms averaged. From eight models on
        more of them add power only, since the t over models is the same. Depth does not enter: cells of one
        library are compared.""",
    "markers": """
        Arms don't enter: a sample is untreated or persister. With 100 models a p-value learns 2,000 panels;
        25 models are the most that were tried. Depth is not varied: the procedure takes values, not counts.""",
    "expression": """
        Columns `voom_*` are about these tumours: their level holds where patients change alike. Where they
        differ the rates show what such a p-value would mean for patients: nothing. Arms are coefficients of
        the same model and not listed apart.""",
    "paired_shared": """
        The scenarios of effects of 1.2 ± 0.3 with noise 0.4. Power rises with the number of patients for
        what all or most of them show. An effect that is small against the spread of single measured changes
        (below 1.28 times) cannot be distinguished from one that some patients lack, and is called less often with
        more patients (topic *paired*).""",
}
"""Topic → which designs are not listed, and why."""


def on_untried(topic: str) -> Callable[[pd.DataFrame, pd.DataFrame], str]:
    """Return what says which designs a topic leaves out, and why."""
    return lambda own, whole: wrapped(UNTRIED[topic])


REMARKS = {
    "paired_power": on_power,
    "mixed_models": on_mixed_models,
    "gene_sets": on_gene_sets,
    **{topic: on_untried(topic) for topic in UNTRIED},
}
"""Topic → what is said before its table."""
