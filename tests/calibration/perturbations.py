"""Perturbations (scripts/perturbations): p-values, intervals, verdicts, where the effect is known."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
from scipy import stats
from simulators.perturbations import Simulated, as_changes, listed, simulate

from calibration.row import AT_LEAST, AT_MOST, COVERAGE, POWER, REPORTED, TYPE_1, VERDICT, Row, clustered
from scripts.perturbations import effects
from scripts.perturbations.compare_perturbations import compare, tested_factors
from scripts.perturbations.measure_perturbations import contrast
from scripts.perturbations.verdicts import CONTRADICTED, LEAST, MOVES, OFF, ON, OPPOSITE, WITHOUT
from scripts.switches.evidence.judge_simulation import judge
from scripts.switches.verdicts import SIMULATIONS

LEVEL = 0.05
BETTER = SIMULATIONS[-1].name
TABLE = "perturbations/perturbations.tsv"
P, FDR, TARGETS = (f"{TABLE} signature_p",), (f"{TABLE} signature_fdr",), (f"{TABLE} targets_p",)
SHARE = (f"{TABLE} programme_share_low", f"{TABLE} programme_share_high")
CORRELATION = (f"{TABLE} correlation_low", f"{TABLE} correlation_high")
TESTED = ("perturbations/factors.tsv tested", "switches/switches.tsv tested")
DESIGNS = {"6 × (3+3)": (6, 3), "10 × (1+1)": (10, 1)}
EACH = 8
"""Perturbations of a simulated study, of different factors."""
OWN, OWN_P = 2.0, 0.001
"""Change of the factor's own mRNA (log2), and its p-value."""
FAILED = 1.5
"""Standard deviation of the own mRNA's change (log2) where nothing happened to the factor: one with few counts."""


def of_verdicts(*verdicts) -> tuple[str, ...]:
    """Return the names of verdicts on perturbations in the table."""
    return (f"{TABLE} verdict", *(f"perturbations: {verdict.name}" for verdict in verdicts))


def run(study: Simulated, rng: np.random.Generator, share: float, direction: str, own=(OWN, OWN_P)) -> pd.DataFrame:
    """Return the table of :data:`EACH` perturbations that bring ``share`` of the programme.

    ``own``: change of the factors' own mRNA with more of them, and its p-value; single values, or one by perturbation.
    """
    names, sign = listed(EACH, direction), 1 if direction == "gain" else -1
    changes = {row.perturbation: sign * study.perturb(rng, share) for row in names.itertuples()}
    mrna = names.assign(gene=names["tf"], log_fc=sign * np.asarray(own[0]), p=own[1])
    table = pd.concat([as_changes(changes), mrna[["perturbation", "gene", "log_fc", "p"]]])
    return compare(names, table, study.programme, LEVEL)


def failed(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return changes of the own mRNA of factors to which nothing happened, and their two-sided p-values."""
    z = rng.normal(size=EACH)
    return FAILED * z, 2 * stats.norm.sf(np.abs(z))


def true_share(study: Simulated, share: float) -> float:
    """Return the share of the programme that a perturbation without noise is measured to bring."""
    programme = study.programme
    own, whole = (
        effects.change_of_set(change, programme.signature, programme.mean, programme.together).shift
        for change in (share * study.effect, programme.log_fc)
    )
    return own / whole


def rows(quick: bool) -> list[Row]:
    """Return the rates of perturbations without effect, of a small one, of a large one, gains and losses."""
    found = []
    studies = 5 if quick else 60
    note = "trials of a study share its signature and co-expression"
    for design, (models, replicates) in DESIGNS.items():
        rng = np.random.default_rng([19, models])
        made = [simulate(rng, models=models, replicates=replicates) for _ in range(studies)]
        null = [run(study, rng, 0.0, "gain") for study in made]
        idle = "no effect beside noise that is co-expressed as the profiles are"

        def count(tables: Iterable[pd.DataFrame], hit) -> dict:
            return clustered(np.array([int(hit(table).sum()) for table in tables]), EACH)

        for name, column in ((P, "signature_p"), (TARGETS, "targets_p")):
            rate = count(null, lambda t, c=column: t[c] <= LEVEL)
            found.append(Row(name, design, idle, TYPE_1, LEVEL, **rate, note=note))
        any_of = sum(bool((table["signature_fdr"] <= LEVEL).any()) for table in null)
        found.append(Row(FDR, design, f"{idle}; any of {EACH}", TYPE_1, LEVEL, any_of, studies, AT_MOST))
        rate = count(null, lambda t: t["verdict"].isin([MOVES.name, OPPOSITE.name]))
        found.append(Row(of_verdicts(MOVES, OPPOSITE), design, idle, VERDICT, LEVEL, **rate, bound=AT_MOST))
        rate = count(null, lambda t: (t["correlation_low"] <= 0) & (t["correlation_high"] >= 0))
        wide = "conservative: the larger of two errors"
        found.append(Row(CORRELATION, design, idle, COVERAGE, 0.95, **rate, bound=AT_LEAST, note=wide))
        rate = count(null, lambda t: t["verdict"] == WITHOUT.name)
        found.append(Row(of_verdicts(WITHOUT), design, idle, POWER, None, **rate, bound=REPORTED))
        factors = [tested_factors(table) for table in null]
        rate = count(factors, lambda t: t["tested"].isin([ON.name, OFF.name]))
        found.append(
            Row((*TESTED, f"tested: {ON.name}", f"tested: {OFF.name}"), design, idle, VERDICT, LEVEL, **rate,
                bound=AT_MOST)
        )  # fmt: skip
        rate = count(factors, lambda t: t["tested"] == CONTRADICTED.name)
        found.append(Row((*TESTED, f"tested: {CONTRADICTED.name}"), design, idle, POWER, None, **rate, bound=REPORTED))
        chance = np.random.default_rng([27, models])
        tables = [run(study, chance, 0.0, "gain", failed(chance)) for study in made]
        truth = "the perturbation failed: neither factor nor programme changes"
        rate = count(tables, lambda t: t["verdict"] == WITHOUT.name)
        found.append(Row(of_verdicts(WITHOUT), design, truth, VERDICT, LEVEL, **rate, bound=AT_MOST))
        rate = count(map(tested_factors, tables), lambda t: t["tested"] == CONTRADICTED.name)
        known = (*TESTED, f"tested: {CONTRADICTED.name}")
        found.append(Row(known, design, truth, VERDICT, LEVEL, **rate, bound=AT_MOST))
        for share, direction, verdict in ((LEAST, "gain", ON), (0.5, "gain", ON), (0.5, "loss", OFF)):
            # The programme's change is chosen for its size, and so is too large: the share is of it as it was measured.
            tables = [run(study, rng, share * share / true_share(study, share), direction) for study in made]
            truth = f"a {direction} brings a share of {share:g} of the programme as measured"
            rate = count(tables, lambda t, s=share: (t["programme_share_low"] <= s) & (t["programme_share_high"] >= s))
            found.append(Row(SHARE, design, truth, COVERAGE, 0.95, **rate, bound=AT_LEAST, note="conservative"))
            rate = count(tables, lambda t: t["verdict"] == MOVES.name)
            found.append(Row(of_verdicts(MOVES), design, truth, POWER, None, **rate, bound=REPORTED))
            rate = count(tables, lambda t: t["verdict"] == WITHOUT.name)
            found.append(Row(of_verdicts(WITHOUT), design, truth, VERDICT, LEVEL, **rate, bound=AT_MOST))
            factors = [tested_factors(table) for table in tables]
            rate = count(factors, lambda t, name=verdict.name: t["tested"] == name)
            found.append(Row((*TESTED, f"tested: {verdict.name}"), design, truth, POWER, None, **rate, bound=REPORTED))
            rate = count(factors, lambda t: t["tested"] == CONTRADICTED.name)
            known = (*TESTED, f"tested: {CONTRADICTED.name}")
            found.append(Row(known, design, truth, VERDICT, LEVEL, **rate, bound=AT_MOST))
    return found + simulations(quick) + replicates_of_a_line(quick)


def simulations(quick: bool) -> list[Row]:
    """Return how often silencing in silico is called better than its baseline: where both are alike, and where not."""
    found, studies = [], 300 if quick else 4000
    for n in (6, 12):
        for noise, truth, quantity in (
            (1.0, "both predictions are alike", TYPE_1),
            (0.3, "silencing is nearer", POWER),
        ):
            rng = np.random.default_rng([20, n, int(10 * noise)])
            hits = better = 0
            for _ in range(studies):
                measured = pd.Series(rng.normal(size=n))
                near, far = (measured + size * rng.normal(size=n) for size in (noise, 1.0 if noise == 1 else 3.0))
                row = judge(near, far, measured)
                hits, better = hits + (row["p"] <= LEVEL), better + (row["verdict"] == BETTER)
            level, bound = (LEVEL, AT_MOST) if quantity == TYPE_1 else (None, REPORTED)
            note = "few factors: p is coarse" if quantity == TYPE_1 else ""
            design = f"{n} factors"
            p = ("switches/perturbation_judged.tsv p",)
            found.append(Row(p, design, truth, quantity, level, hits, studies, bound, note))
            said = ("switches/perturbation_judged.tsv verdict", f"simulation: {BETTER}")
            quantity = VERDICT if quantity == TYPE_1 else POWER
            found.append(Row(said, design, truth, quantity, level, better, studies, bound))
    return found


def replicates_of_a_line(quick: bool) -> list[Row]:
    """Return how often a gene of a perturbation measured in replicates has p ≤ .05, where no gene changes."""
    found, studies, genes = [], 5 if quick else 40, 800
    for n, m in ((2, 2), (3, 3)):
        rng = np.random.default_rng([23, n])
        names = [f"s{i}" for i in range(n + m)]
        hits, trials = [], []
        for _ in range(studies):
            level, spread = rng.lognormal(5, 1, genes), 10 / rng.chisquare(10, genes)
            noise = rng.normal(0, 0.2 * np.sqrt(spread), (n + m, genes))
            counts = pd.DataFrame(rng.poisson(level * np.exp(noise)), index=names, dtype=float)
            p = contrast(counts, names[:n], names[n:])["p"]
            hits.append((p <= LEVEL).sum())
            trials.append(p.notna().sum())
        rate = clustered(np.array(hits), np.array(trials))
        note = "replicates of one system; says nothing of patients"
        truth = "no gene changes; variances differ between genes"
        found.append(Row((f"{TABLE} own_p",), f"{n} + {m} replicates", truth, TYPE_1, LEVEL, **rate, note=note))
    return found
