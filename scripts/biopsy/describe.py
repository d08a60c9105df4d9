"""Regulons, switches, marker genes and nearest training samples of the cells of a biopsy."""

from __future__ import annotations

import numpy as np
import pandas as pd

from scripts.base.verdicts import UNRELIABLE
from scripts.chromatin.verdicts import NO_PEAKS
from scripts.perturbations.verdicts import NOT_TESTED
from scripts.stats.intervals import prediction

ROWS = ["section", "item", "value", "low", "high", "untreated", "persister", "call", "note"]
NEAREST = 5
UNKNOWN = ("", "nan", NOT_TESTED.name, NO_PEAKS.name)
"""Values of a switch's other evidence, or of a marker's assay, that say nothing."""
CONCLUSIONS = ("fraction", "position", "switch", "regulon", "marker", "growth", "cluster", "stroma")
"""Sections whose intervals and calls speak of a new patient like those of training."""


def withhold(rows: pd.DataFrame, why: str) -> pd.DataFrame:
    """Return rows (:data:`ROWS`) without intervals and calls where checks warn; the values stay, marked as unreliable.

    ``why``: names of these checks; where empty, the rows are returned as they are. With normal cells among those
    scored, or a patient unlike those of training, an interval of 95 % may hold the truth in half of the patients.
    """
    if not why:
        return rows
    own = rows["section"].isin(CONCLUSIONS) & rows["value"].notna()
    found = rows.copy()
    found.loc[own, ["low", "high"]] = np.nan
    found["call"] = found["call"].mask(own & (found["call"] != ""), UNRELIABLE)
    marked = found["note"].astype(str).where(found["note"] == "", found["note"].astype(str) + "; ")
    found["note"] = found["note"].mask(own, marked + f"{UNRELIABLE}: {why}")
    return found


def cuts(thresholds: pd.DataFrame, training: pd.DataFrame) -> pd.Series:
    """Return the thresholds (regulon, quantile) on the scale of ``training``: the activity at the same quantile."""
    known = thresholds[thresholds["regulon"].isin(training.columns)]
    found = {row.regulon: np.quantile(training[row.regulon], row.quantile) for row in known.itertuples()}
    return pd.Series(found, dtype=float)


def model_means(values: pd.DataFrame, labels: pd.DataFrame, state: str) -> pd.DataFrame:
    """Return the mean of each model's cells in a state (models × columns)."""
    rows = (labels["timepoint"].astype(str) == state).to_numpy()
    return values[rows].groupby(labels.loc[rows, "model"].astype(str).to_numpy()).mean()


def sampling_noise(values: pd.DataFrame, labels: pd.DataFrame, state: str, cells: int) -> pd.Series:
    """Return by column how much more a mean over ``cells`` cells varies by chance than the means of the models do.

    That is a variance, by the models' variances between cells: a biopsy of few cells is not to be judged by the range
    of models with many. 0 where the models have fewer cells. ``values``: cells × columns.
    """
    rows = (labels["timepoint"].astype(str) == state).to_numpy()
    groups = values[rows].groupby(labels.loc[rows, "model"].astype(str).to_numpy())
    variance = groups.var(ddof=0)
    return (variance.mean() / max(cells, 1) - variance.div(groups.size(), axis=0).mean()).clip(lower=0.0).fillna(0.0)


def compare(
    name: str, value: float, untreated: np.ndarray, persister: np.ndarray, level: float, noise: float = 0.0
) -> tuple:
    """Return limits, means of the untreated and the persister models, and the call against the untreated.

    ``noise``: from :func:`sampling_noise`.
    """
    mean, low, high = prediction(untreated, level, noise)
    call = "as untreated"
    if np.isfinite(low) and not low <= value <= high:
        call = "above untreated" if value > high else "below untreated"
    elif not np.isfinite(low):
        call = ""
    return low, high, mean, float(np.mean(persister)) if len(persister) else np.nan, call


def regulons_active(
    query: pd.DataFrame,
    training: pd.DataFrame,
    labels: pd.DataFrame,
    at: pd.Series,
    states: tuple[str, str],
    level: float,
) -> pd.DataFrame:
    """Return a row per regulon: its mean activity, that of the training models, and the share of cells on.

    ``low`` and ``high`` are the range of an untreated sample of a new model. The status follows the same rule as
    that of the called switches (:func:`switches_active`), so that a factor has only one.
    """
    names = at.index.tolist()
    on = (query[names] > at).mean()
    low, high = (model_means(training[names], labels, state) for state in states)
    noise = sampling_noise(training[names], labels, states[0], len(query))
    rows = []
    for name in names:
        ends = (low[name].to_numpy(), high[name].to_numpy())
        found = compare(name, float(query[name].mean()), *ends, level, noise[name])
        rows.append(("regulon", name, float(query[name].mean()), *found, f"on in {on[name]:.0%} of the cells"))
    return pd.DataFrame(rows, columns=ROWS)


def call_switch(position: float, low: float, high: float) -> str:
    """Return whether a switch is active: beyond the range of an untreated sample of a new patient."""
    if not np.isfinite(high):
        return ""
    return "active" if position > high else "as untreated" if position >= low else "against the switch"


def effect_of(switch) -> str:
    """Return the change of a switch over the models of the reference's study, with its interval; empty if unknown."""
    names = ("n", "activity_change_sd", "activity_change_sd_low", "activity_change_sd_high")
    n, change, low, high = (float(getattr(switch, name, np.nan)) for name in names)
    if not (np.isfinite(n) and np.isfinite(change)):
        return ""
    interval = f", 95 % CI {low:+.2f} to {high:+.2f}" if np.isfinite(low) and np.isfinite(high) else ""
    return f"change in the study {change:+.2f} sd (mean of {n:.0f} models{interval})".replace("-", "−")


def evidence_of(switch) -> str:
    """Return what is known of a switch, a row of the reference: direction, change over models, and evidence other than
    co-expression.
    """
    parts = [f"{switch.regulon} is {switch.direction} in persisters", *filter(None, [effect_of(switch)])]
    tested, peaks = (str(getattr(switch, name, "")) for name in ("tested", "chromatin"))
    if tested not in UNKNOWN:
        parts.append(f"perturbation: {tested}")
    if peaks not in UNKNOWN:
        parts.append(f"peaks: {peaks}")
    return "; ".join(parts)


def switches_active(
    query: pd.DataFrame,
    training: pd.DataFrame,
    labels: pd.DataFrame,
    switches: pd.DataFrame,
    states: tuple[str, str],
    level: float,
) -> pd.DataFrame:
    """Return a row per called switch: the position of its activity between untreated (0) and persister (1).

    ``low`` and ``high``: positions that an untreated sample of a new model would show. Active: beyond them, on the
    persisters' side.
    """
    rows = []
    low, high = (model_means(training, labels, state) for state in states)
    noise = sampling_noise(training, labels, states[0], len(query))
    for row in switches.itertuples():
        if row.regulon not in query.columns:
            rows.append(
                ("switch", row.tf, *[np.nan] * 3, 0.0, 1.0, "not scored", "too few of its targets are measured")
            )
            continue
        start, way = low[row.regulon].mean(), high[row.regulon].mean() - low[row.regulon].mean()
        position = (float(query[row.regulon].mean()) - start) / way
        before = ((low[row.regulon] - start) / way).to_numpy()
        least, most, *_ = compare(row.tf, position, before, np.ones(1), level, noise[row.regulon] / way**2)
        call = call_switch(position, least, most)
        rows.append(("switch", row.tf, position, least, most, 0.0, 1.0, call, evidence_of(row)))
    return pd.DataFrame(rows, columns=ROWS)


def nearest(query: pd.DataFrame, training: pd.DataFrame, labels: pd.DataFrame) -> pd.DataFrame:
    """Return the nearest training samples: root mean square distance of mean activities, in sd between samples."""
    if not len(query) or not len(training):
        return pd.DataFrame(columns=ROWS)
    means = training.groupby(labels["sample"].astype(str).to_numpy()).mean()
    scale = means.std(axis=0, ddof=1)
    kept = scale.index[scale > 0]
    gaps = (means[kept] - query[kept].mean()) / scale[kept]
    distance = np.sqrt((gaps**2).mean(axis=1)).sort_values(kind="stable").head(NEAREST)
    about = labels.drop_duplicates("sample").set_index("sample")
    rows = [
        (
            "nearest",
            sample,
            far,
            *[np.nan] * 4,
            about.at[sample, "timepoint"],
            f"{about.at[sample, 'model']}, {about.at[sample, 'arm']}",
        )
        for sample, far in distance.items()
    ]
    return pd.DataFrame(rows, columns=ROWS)


def panel(
    counts,
    genes: list[str],
    training,
    labels: pd.DataFrame,
    markers: pd.DataFrame,
    states: tuple[str, str],
    level: float,
) -> pd.DataFrame:
    """Return a row per marker gene: the part of the biopsy's cells that show it, with that of the training models."""
    column = {gene: number for number, gene in enumerate(genes)}
    rows = []
    for row in markers.itertuples():
        if row.gene not in column:
            rows.append(("marker", row.gene, *[np.nan] * 5, "not measured", row.direction))
            continue
        assay = str(getattr(row, "assay", ""))
        note = row.direction if assay in UNKNOWN else f"{row.direction}, {assay}"
        at = column[row.gene]
        seen = pd.DataFrame({"gene": np.asarray((training[:, at] > 0).todense()).ravel().astype(float)})
        share = float((counts[:, at] > 0).sum() / max(counts.shape[0], 1))
        ends = (model_means(seen, labels, state)["gene"].to_numpy() for state in states)
        noise = sampling_noise(seen, labels, states[0], counts.shape[0])["gene"]
        rows.append(("marker", row.gene, share, *compare(row.gene, share, *ends, level, noise), note))
    return pd.DataFrame(rows, columns=ROWS)
