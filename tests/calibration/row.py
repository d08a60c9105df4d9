"""One measured rate of the calibration table: what a p-value, an interval or a verdict does in data of known truth."""

from __future__ import annotations

from dataclasses import dataclass

TYPE_1 = "type I error"
COVERAGE = "coverage"
POWER = "power"
FALSE_DISCOVERIES = "false discovery rate"
FAMILY_WISE = "family-wise error"
VERDICT = "share with the verdict"
QUANTITIES = (TYPE_1, COVERAGE, POWER, FALSE_DISCOVERIES, FAMILY_WISE, VERDICT)


@dataclass(frozen=True)
class Row:
    """A rate of ``hits`` in ``trials`` simulations.

    Parameters
    ----------
    columns
        What the rate is about: ``"{table} {column}"`` as in resources/columns.tsv, or ``"{list}: {verdict}"``.
    design
        The study's design: ``"8 × (1+1)"`` for eight models with one untreated and one treated sample each.
    truth
        What is true in the simulation: ``"no effect; patients differ by sd 0.3"``.
    quantity
        One of :data:`QUANTITIES`.
    level
        What the rate should be (.05, .95); for a power or a verdict None: reported only.
    hits, trials
        Counts; for a false discovery rate the false ones among the discoveries.
    bound
        ``"around"`` the level, ``"at most"`` or ``"at least"``, within binomial error; ``"reported"``.
    note
        Why a rate is conservative, or whatever a reader must know.
    """

    columns: tuple[str, ...]
    design: str
    truth: str
    quantity: str
    level: float | None
    hits: float
    trials: int
    bound: str = "around"
    note: str = ""

    @property
    def rate(self) -> float:
        """Return the share of hits; NaN without a trial."""
        return self.hits / self.trials if self.trials else float("nan")
