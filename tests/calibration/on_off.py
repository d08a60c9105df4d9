"""On and off: how often one mode is rejected, and two are believed, in activities of known shape."""

from __future__ import annotations

import numpy as np

from calibration.row import POWER, TYPE_1, VERDICT, Row
from scripts.regulons.activity import one_mode_p, threshold

P, BIMODAL = ("* p_one_mode",), ("regulons/thresholds.tsv: bimodal",)


def zeros(values: np.ndarray, share: float, rng) -> np.ndarray:
    """Return values of which a share is 0, as in cells of low depth."""
    return np.where(rng.random(len(values)) < share, 0.0, values)


def mixture(rng, n: int, share: float, distance: float) -> np.ndarray:
    """Return two Gaussian modes, of standard deviation 1."""
    return rng.normal(10, 1, n) + distance * (rng.random(n) < share)


ONE = {
    "uniform": lambda rng, n: rng.random(n) + 0.1,
    "beta(2, 8)": lambda rng, n: rng.beta(2, 8, n),
    "gamma(1.5)": lambda rng, n: rng.gamma(1.5, 1, n),
    "exponential": lambda rng, n: rng.exponential(1, n),
    "log-normal": lambda rng, n: rng.lognormal(0, 1, n),
    "beta(2, 8), 30 % zeros": lambda rng, n: zeros(rng.beta(2, 8, n), 0.3, rng),
    "gamma(2), 60 % zeros": lambda rng, n: zeros(rng.gamma(2, 1, n), 0.6, rng),
}
TWO = {
    "half of the cells 4 sd higher": lambda rng, n: mixture(rng, n, 0.5, 4),
    "30 % of the cells 4 sd higher": lambda rng, n: mixture(rng, n, 0.3, 4),
    "10 % of the cells 5 sd higher": lambda rng, n: mixture(rng, n, 0.1, 5),
    "5 % of the cells 6 sd higher": lambda rng, n: mixture(rng, n, 0.05, 6),
    "beta(30, 40) in 30 %, beta(2, 18) in 70 %": lambda rng, n: np.where(
        rng.random(n) < 0.3, rng.beta(30, 40, n), rng.beta(2, 18, n)
    ),
}


def rows(quick: bool) -> list[Row]:
    """Return the rows of two modes; ``quick``: fewer trials."""
    trials, believed = (100, 12) if quick else (1500, 100)
    found = []
    for n in (300, 1000) if quick else (300, 1000, 4000):
        for number, (name, draw) in enumerate({**ONE, **TWO}.items()):
            rng = np.random.default_rng([n, number])
            p = np.array([one_mode_p(draw(rng, n), 0) for _ in range(trials)])
            one = name in ONE
            around = "around" if name == "uniform" else "at most"
            note = "" if name == "uniform" else "conservative: the uniform is the hardest case"
            found.append(
                Row(
                    P, f"{n} cells of one group", f"{'one mode' if one else 'two modes'}: {name}",
                    TYPE_1 if one else POWER, 0.05 if one else None, int((p <= 0.05).sum()), trials,
                    around if one else "reported", note if one else "",
                )
            )  # fmt: skip
            called = sum(threshold(draw(rng, n), 0)["bimodal"] for _ in range(believed))
            found.append(
                Row(
                    BIMODAL, f"{n} cells of one group", f"{'one mode' if one else 'two modes'}: {name}", VERDICT,
                    0.05 if one else None, called, believed, "at most" if one else "reported",
                )
            )  # fmt: skip
    return found
