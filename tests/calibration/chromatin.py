"""Peaks near the targets of regulons, and gained peaks by the change of genes (scripts/chromatin).

Neighbouring genes share peaks and targets lie in runs of three, both more often where genes are long and expressed: the
null has all that makes targets lie near peaks but the factor itself. Trials are regulons in peak files; the design of a
study's models plays no part.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import special, stats

from calibration.row import (
    AROUND,
    AT_MOST,
    COVERAGE,
    FALSE_DISCOVERIES,
    POWER,
    REPORTED,
    TYPE_1,
    VERDICT,
    Row,
    clustered,
)  # fmt: skip
from scripts.chromatin import changes, enrichment, verdicts

LEVEL, N, RHO, SHARE = 0.05, 3000, 0.6, 0.4
"""Level; genes; correlation of a gene's peaks with its neighbour's; share of near genes that are so at the promoter."""
E, S, T = "chromatin/enrichment.tsv", "chromatin/support.tsv", "chromatin/trends.tsv"
INTERVAL = ("chromatin/*.tsv ci_low", "chromatin/*.tsv ci_high")
VERDICT_COLUMN = f"{S} verdict"
WINDOWS = {"promoter": 2_000, "distal": 50_000}


def genome(rng: np.random.Generator) -> tuple[pd.DataFrame, np.ndarray]:
    """Return genes with covariates, and the log odds of each to have a peak nearby."""
    expression, length = rng.normal(size=N), rng.normal(size=N)
    genes = pd.DataFrame({"gene": np.arange(N).astype(str), "expression": expression})
    genes["length"], genes["n_starts"] = np.exp(9 + length), 1 + rng.poisson(np.exp(0.3 * length))
    return genes, -1.2 + 0.8 * expression + 0.5 * length


def draw_targets(rng: np.random.Generator, odds: np.ndarray, number: int) -> np.ndarray:
    """Return the places of targets: runs of three neighbours, more often where genes have peaks anyway."""
    weight = np.exp(0.7 * odds)
    first = rng.choice(N - 3, number // 3, replace=False, p=weight[: N - 3] / weight[: N - 3].sum())
    return np.unique(np.add.outer(first, np.arange(3)).ravel())


def draw_distances(rng: np.random.Generator, odds: np.ndarray) -> np.ndarray:
    """Return the distance (bp) of each gene's nearest peak: at the promoter, distal or far."""
    noise = rng.normal(size=N)
    for i in range(1, N):
        noise[i] = RHO * noise[i - 1] + np.sqrt(1 - RHO**2) * noise[i]
    u, p = stats.norm.cdf(noise), special.expit(odds)
    return np.where(u < SHARE * p, 100.0, np.where(u < p, 10_000.0, 1e6))


def study(rng: np.random.Generator, log_odds: list[float], targets: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return both tables of a study: a factor with a peak set of its own for each of ``log_odds``."""
    genes, odds = genome(rng)
    edges, distances, sets = [], {}, {}
    for number, effect in enumerate(log_odds):
        name = f"F{number}"
        own = draw_targets(rng, odds, targets)
        edges.append(pd.DataFrame({"regulon": name, "tf": name, "target": genes["gene"].to_numpy()[own]}))
        moved = odds.copy()
        moved[own] += effect
        distances[name] = draw_distances(rng, moved)
        sets[name] = {"factor": name, "mark": "", "sample": "L", "state": "s"}
    table = pd.concat(edges, ignore_index=True)
    tested = enrichment.compare_regulons(genes, pd.DataFrame(distances), table, sets, **WINDOWS)
    return tested, enrichment.judge(tested, table, LEVEL)


def null_rows(quick: bool, targets: int) -> list[Row]:
    """Return the rates of studies in which no factor binds near its targets, other than by what covariates tell."""
    studies, factors = (6, 4) if quick else (80, 5)
    rng = np.random.default_rng([1, targets])
    found = [study(rng, [0.0] * factors, targets) for _ in range(studies)]
    design, truth = f"{targets} targets of {N} genes", "no factor binds near its targets; neighbours share peaks"
    hits = clustered(np.array([(tested["p"] <= LEVEL).sum() for tested, _ in found]), [len(t) for t, _ in found])
    rows = [Row((f"{E} p",), design, truth, TYPE_1, LEVEL, **hits, bound=AROUND)]
    hits = clustered(np.array([(support["p"] <= LEVEL).sum() for _, support in found]), factors)
    note = "corrected for two windows that share peaks"
    rows.append(Row((f"{S} p",), design, truth, TYPE_1, LEVEL, **hits, bound=AT_MOST, note=note))
    said = sum(bool((support["verdict"] == verdicts.SUPPORTED.name).any()) for _, support in found)
    what = (VERDICT_COLUMN, f"chromatin: {verdicts.SUPPORTED.name}", f"{S} fdr")
    rows.append(Row(what, design, f"{truth}; any of {factors}", VERDICT, LEVEL, said, studies, AT_MOST))
    said = clustered(
        np.array([(support["verdict"] == verdicts.NOT_SUPPORTED.name).sum() for _, support in found]), factors
    )
    what = (VERDICT_COLUMN, f"chromatin: {verdicts.NOT_SUPPORTED.name}")
    return [*rows, Row(what, design, truth, POWER, None, **said, bound=REPORTED)]


def alike_rows(quick: bool, targets: int) -> list[Row]:
    """Return how often a factor is supported where its peaks lie near the targets of all regulons alike."""
    studies, regulons, factors, ratio = 6 if quick else 80, 12, 4, 4.0
    rng = np.random.default_rng([5, targets])
    said, like = 0, []
    for _ in range(studies):
        genes, odds = genome(rng)
        own = [draw_targets(rng, odds, targets) for _ in range(regulons)]
        moved = odds.copy()
        moved[np.unique(np.concatenate(own))] += np.log(ratio)
        parts = [
            pd.DataFrame({"regulon": f"F{i}", "tf": f"F{i}", "target": genes["gene"].to_numpy()[at]})
            for i, at in enumerate(own)
        ]
        distances = pd.DataFrame({f"F{i}": draw_distances(rng, moved) for i in range(factors)})
        sets = {f"F{i}": {"factor": f"F{i}", "mark": "", "sample": "L", "state": "s"} for i in range(factors)}
        table = pd.concat(parts, ignore_index=True)
        tested = enrichment.compare_regulons(genes, distances, table, sets, **WINDOWS)
        like.append((tested["fdr"] <= LEVEL).mean())
        said += bool((enrichment.judge(tested, table, LEVEL)["verdict"] == verdicts.SUPPORTED.name).any())
    design = f"{targets} targets of {N} genes"
    truth = f"odds ratio {ratio:g} at the targets of all {regulons} regulons alike; any of {factors}"
    note = f"{np.mean(like):.0%} of the comparisons with genes like the targets have an FDR within {LEVEL}"
    what = (VERDICT_COLUMN, f"chromatin: {verdicts.SUPPORTED.name}")
    return [Row(what, design, truth, VERDICT, LEVEL, said, studies, AT_MOST, note=note)]


def planted_rows(quick: bool, targets: int) -> list[Row]:
    """Return coverage, and how often each verdict is given where factors bind near their targets."""
    studies, rows = 12 if quick else 200, []
    design = f"{targets} targets of {N} genes"
    for ratio in (verdicts.LEAST_ODDS, 4.0):
        rng = np.random.default_rng([2, targets, int(10 * ratio)])
        covered, said = 0, []
        for _ in range(studies):
            tested, support = study(rng, [np.log(ratio)], targets)
            wide = tested[tested["window"] == "promoter or distal"].iloc[0]
            covered += wide["ci_low"] <= ratio <= wide["ci_high"]
            said.append(support["verdict"].iloc[0])
        truth = f"odds ratio {ratio:g} of targets; neighbours share peaks"
        note = "of the wide window, in which the odds ratio is known"
        rows.append(Row(INTERVAL, design, truth, COVERAGE, 0.95, covered, studies, AROUND, note=note))
        number = said.count(verdicts.SUPPORTED.name)
        what = (VERDICT_COLUMN, f"chromatin: {verdicts.SUPPORTED.name}", f"{S} p")
        rows.append(Row(what, design, truth, POWER, None, number, studies, REPORTED))
        number = said.count(verdicts.NOT_SUPPORTED.name)
        what = (VERDICT_COLUMN, f"chromatin: {verdicts.NOT_SUPPORTED.name}")
        rows.append(Row(what, design, truth, VERDICT, LEVEL, number, studies, AT_MOST))
    return rows


def discovery_rows(quick: bool) -> list[Row]:
    """Return the false discovery rate over the regulons of a peak file, of which a few are bound."""
    studies, regulons, bound, wrong = (4 if quick else 40), 20, 4, []
    rng = np.random.default_rng(3)
    for _ in range(studies):
        genes, odds = genome(rng)
        own = [draw_targets(rng, odds, 30) for _ in range(regulons)]
        moved = odds.copy()
        moved[np.concatenate(own[:bound])] += np.log(6)
        # A regulon that shares targets with a bound one is no true null.
        free = [i for i in range(bound, regulons) if not np.intersect1d(own[i], np.concatenate(own[:bound])).size]
        names = [*range(bound), *free]
        parts = [pd.DataFrame({"regulon": f"R{i}", "tf": f"R{i}", "target": genes["gene"][own[i]]}) for i in names]
        told = {"a": {"factor": "R0", "mark": "", "sample": "L", "state": "s"}}
        distances = pd.DataFrame({"a": draw_distances(rng, moved)})
        tested = enrichment.compare_regulons(genes, distances, pd.concat(parts), told, **WINDOWS)
        called = tested[tested["fdr"] <= LEVEL]
        null = ~called["regulon"].isin([f"R{i}" for i in range(bound)])
        wrong.append(null.sum() / max(len(called), 1))
    truth = f"{bound} of {regulons} regulons bound, odds ratio 6; neighbours share peaks"
    share = clustered(np.array(wrong), 1)
    return [Row((f"{E} fdr",), f"30 targets of {N} genes", truth, FALSE_DISCOVERIES, LEVEL, **share, bound=AT_MOST)]


def trend_rows(quick: bool) -> list[Row]:
    """Return the rates of the trend of gained, lost and kept peaks over the change of genes."""
    studies, rows = 15 if quick else 200, []
    for effect in (0.0, 0.3):
        rng = np.random.default_rng([4, int(10 * effect)])
        hits, any_row, called = 0, 0, 0
        for _ in range(studies):
            genes, odds = genome(rng)
            t = rng.normal(size=N)
            for i in range(1, N):
                t[i] = RHO * t[i - 1] + np.sqrt(1 - RHO**2) * t[i]
            # Genes that are expressed more change more: so do their peaks, without any relation of the two.
            genes = genes.assign(t=t + 0.5 * genes["expression"])
            near = {
                ("F", "L", change): draw_distances(rng, odds + effect * (change == changes.GAINED) * t) <= 50_000
                for change in (changes.GAINED, changes.LOST, changes.KEPT)
            }
            table, _ = changes.compare_deciles(genes, near, dict.fromkeys(near, 1))
            table = table.set_index("change")
            hits += table.at[changes.GAINED, "p"] <= LEVEL
            any_row += (table["fdr"] <= LEVEL).any()
            called += (table.drop(index=changes.GAINED)["fdr"] <= LEVEL).any()
        design = f"{N} genes"
        if effect:
            truth = f"log odds of gained peaks rise by {effect:g} per sd of change"
            rows.append(Row((f"{T} p",), design, truth, POWER, None, hits, studies, REPORTED))
        else:
            truth = "changes and peaks of neighbours alike, without relation"
            rows.append(Row((f"{T} p",), design, truth, TYPE_1, LEVEL, hits, studies, AROUND))
            rows.append(
                Row((f"{T} fdr",), design, f"{truth}; any of 3", FALSE_DISCOVERIES, LEVEL, any_row, studies, AT_MOST)
            )
    return rows


def rows(quick: bool) -> list[Row]:
    """Return the rates of the stage chromatin."""
    found = [row for targets in (15, 60) for row in (*null_rows(quick, targets), *planted_rows(quick, targets))]
    found += alike_rows(quick, 30)
    return [*found, *discovery_rows(quick), *trend_rows(quick)]
