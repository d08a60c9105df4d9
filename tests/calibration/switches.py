"""Evidence on switches: enrichment, family-wise error of flipped signs, ranks by chance."""

from __future__ import annotations

import numpy as np
import pandas as pd

from calibration.row import FAMILY_WISE, POWER, TYPE_1, VERDICT, Row, clustered
from scripts.stats import flips
from scripts.switches.evidence import rank_product, reach, rotated

ENRICHMENT = ("* signature_enrichment_p",)
LEVEL = 0.05
GENES, REGULONS, SIZE, PROGRAMME, PLANTED = 800, 40, 50, 60, 6


def enrichment_study(
    n: int, correlation: tuple[float, ...], planted: bool, rng: np.random.Generator, uneven: bool = False
) -> pd.Series:
    """Return the p-values of regulons whose targets are correlated within models; the first are planted ones.

    ``uneven``: models differ three-fold in spread.
    """
    genes = [f"g{i}" for i in range(GENES)]
    changes = rng.normal(0, 0.5, (n, GENES)) / np.sqrt(rng.gamma(3, 1 / 3, GENES))
    rows, common = [], rng.normal(0, 1, (n, REGULONS))
    for number in range(REGULONS):
        targets = rng.choice(np.arange(PROGRAMME, GENES), rng.integers(15, 50), replace=False)
        if number < PLANTED:
            kept = len(targets) // 3
            targets[:kept] = rng.choice(PROGRAMME // 2, kept, replace=False)
        r = correlation[number % len(correlation)]
        changes[:, targets] += 0.5 * np.sqrt(r / (1 - r)) * common[:, [number]]
        rows += [(f"R{number:02d}(+)", f"R{number:02d}", genes[i]) for i in targets]
    if planted:
        side = np.where(np.arange(PROGRAMME) < PROGRAMME // 2, 1, -1)
        changes[:, :PROGRAMME] += side * (1.2 + rng.normal(0, 0.3, (n, 1)))
    if uneven:
        changes *= np.linspace(0.5, 1.5, n)[:, None]
    edges = pd.DataFrame(rows, columns=["regulon", "tf", "target"])
    table = pd.DataFrame(changes, columns=genes, index=[f"P{i}" for i in range(n)])
    activity = pd.DataFrame({name: table[own["target"]].mean(axis=1) for name, own in edges.groupby("regulon")})
    pool = reach.make_pool(edges, pd.Series(rng.normal(6, 2, GENES), index=genes))
    return rotated.test(pool, table, activity, SIZE, 0)


def kinds(n: int, correlation: tuple[float, ...], uneven: bool, times: int, truth: str, bound: str) -> list[Row]:
    """Return type I error without a programme, a row for each kind of regulon; a study is what is counted."""
    rng = np.random.default_rng([n, int(100 * sum(correlation)), len(correlation), uneven])
    found = [enrichment_study(n, correlation, False, rng, uneven).iloc[PLANTED:] for _ in range(times)]
    rows = []
    for number, r in enumerate(correlation):
        own = [p.iloc[number :: len(correlation)] for p in found]
        rates = clustered(np.array([(p <= LEVEL).sum() for p in own]), np.array([len(p) for p in own]))
        text = f"{truth}; regulons whose targets correlate by {r:g}"
        note = "conservative where regulons that vary together fill the signature: both of two tests have to agree"
        rows.append(Row(ENRICHMENT, f"{n} × (1+1)", text, TYPE_1, LEVEL, **rates, bound=bound, note=note))
    return rows


def of_enrichment(quick: bool) -> list[Row]:
    """Return type I error without a programme, by correlation within regulons, and power with one."""
    rows = []
    for n in (5,) if quick else (5, 6, 8, 25):
        times = 6 if quick else 12 if n == 25 else 40
        rows += kinds(n, (0.0, 0.3), False, times, "no programme; regulons of two kinds", "at most")
        if not quick and n < 25:
            rows += kinds(n, (0.3,), False, times // 2, "no programme; regulons of one kind", "at most")
            rows += kinds(
                n, (0.0, 0.3), True, times // 2, "no programme; models differ three-fold in spread", "at most"
            )
        rng = np.random.default_rng([n, 7])
        found = [enrichment_study(n, (0.0, 0.3), True, rng) for _ in range(2 if quick else 12)]
        p = np.array([own.to_numpy() for own in found]) <= LEVEL
        truth = "programme in 60 of 800 genes; a third of a planted regulon's targets in it"
        rates = clustered(p[:, :PLANTED].sum(axis=1), PLANTED)
        rows.append(Row(ENRICHMENT, f"{n} × (1+1)", truth, POWER, None, **rates, bound="reported"))
        rates = clustered(p[:, PLANTED:].sum(axis=1), REGULONS - PLANTED)
        note = "conservative: the programme's genes fill the signature"
        rows.append(
            Row(
                ENRICHMENT,
                f"{n} × (1+1)",
                truth + "; other regulons",
                TYPE_1,
                LEVEL,
                **rates,
                bound="at most",
                note=note,
            )
        )
    return rows


def of_flips(quick: bool) -> list[Row]:
    """Return the family-wise error of flipped signs where tumours and spread differ between models, and its power."""
    rows, times = [], 150 if quick else 1000
    for design, sd in (
        ("5 × (1+1)", [0.4] * 5),
        ("4 × (5+1), 2 × (1+1)", [0.27, 0.27, 0.27, 0.27, 0.28, 0.85]),
        ("8 × (1+1)", [0.2, 0.2, 0.2, 0.2, 0.6, 0.6, 0.6, 0.6]),
    ):
        rng, n = np.random.default_rng([len(sd), 5]), len(sd)
        level = max(LEVEL, flips.smallest_p(n))
        false = power = 0
        for _ in range(times):
            noise = np.sqrt(0.5) * (rng.normal(size=(n, 30)) + rng.normal(size=(n, 1)))
            table = np.array(sd)[:, None] * noise
            false += flips.family_wise(pd.DataFrame(table), 0)["fwer"].min() <= level
            table[:, 0] += 1.5
            power += flips.family_wise(pd.DataFrame(table), 0)["fwer"].iloc[0] <= level
        note = f"level {level:.4g}: the smallest that so many models can give, or .05"
        for truth, quantity, hits, wanted, bound in (
            ("no effect; regulons correlated, r .5", FAMILY_WISE, false, level, "at most"),
            ("one of 30 regulons changes by 1.5", POWER, power, None, "reported"),
        ):
            rows.append(Row(("* fwer",), design, truth, quantity, wanted, float(hits), times, bound, note))
    return rows


def of_ranks(quick: bool) -> list[Row]:
    """Return how often a regulon reaches the first tenth by chance, by the number of its kinds of evidence."""
    rows, times, n = [], 50 if quick else 300, 100
    kinds = np.repeat(np.arange(1, 5), n // 4)
    for correlation in (0.0, 0.5):
        rng, first = np.random.default_rng(3), np.zeros(4)
        for _ in range(times):
            values = np.sqrt(1 - correlation) * rng.normal(size=(n, 4)) + np.sqrt(correlation) * rng.normal(size=(n, 1))
            values[np.argsort(rng.random((n, 4)), axis=1) >= kinds[:, None]] = np.nan
            rank = rank_product.rank_product(pd.DataFrame(values))["evidence_rank"]
            first += [(rank[kinds == k] <= n // 10).sum() for k in range(1, 5)]
        for k in range(1, 5):
            truth = f"ranks by chance, {k} of 4 kinds of evidence that go together with r {correlation:g}"
            columns = ("* rank_product", "* evidence_rank")
            hits, trials = float(first[k - 1]), times * n // 4
            rows.append(
                Row(columns, "100 regulons", truth, VERDICT, None, hits, trials, "reported", "first tenth: .1 is right")
            )
    return rows


def rows(quick: bool) -> list[Row]:
    """Return the rates of this topic."""
    return [*of_enrichment(quick), *of_flips(quick), *of_ranks(quick)]
