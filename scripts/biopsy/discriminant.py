"""Score of a cell between the untreated and the persister state, learned over patients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

MIN_CELLS = 10
"""Least number of cells of a model in a state to estimate their position."""


@dataclass(frozen=True)
class Discriminant:
    """Weights of standardised features; the untreated state scores 0 and the persister state 1 on average."""

    weights: pd.Series
    offset: float

    def score(self, features: pd.DataFrame) -> np.ndarray:
        """Return a score per row."""
        return features[self.weights.index].to_numpy(dtype=float) @ self.weights.to_numpy() - self.offset


def groups(labels: pd.DataFrame, states: tuple[str, str]) -> dict[tuple[str, str], np.ndarray]:
    """Return the rows of each (model, state) with enough cells; ``labels`` has model and timepoint."""
    model, timepoint = labels["model"].astype(str).to_numpy(), labels["timepoint"].astype(str).to_numpy()
    found = {
        (name, state): np.flatnonzero((model == name) & (timepoint == state))
        for name in sorted(set(model))
        for state in states
    }
    return {key: rows for key, rows in found.items() if len(rows) >= MIN_CELLS}


def paired(found: dict[tuple[str, str], np.ndarray], states: tuple[str, str]) -> list[str]:
    """Return the models that have both states."""
    return [model for model in dict.fromkeys(model for model, _ in found) if all((model, s) in found for s in states)]


def learn(features: pd.DataFrame, labels: pd.DataFrame, states: tuple[str, str]) -> Discriminant:
    """Return Fisher's discriminant of two states, every model weighing the same.

    The noise that it is compared with is the spread of cells within model and state (shrunk, Ledoit & Wolf 2004) *and*
    the spread of models within a state: what differs from patient to patient can't carry the score. Features that don't
    vary are left out. Raises ValueError if no model has both states.
    """
    from sklearn.covariance import ledoit_wolf

    found = groups(labels, states)
    if not paired(found, states):
        raise ValueError(f"no model has {MIN_CELLS} cells of both {states[0]} and {states[1]}")
    values = features.to_numpy(dtype=float)
    used = np.concatenate(list(found.values()))
    scale = values[used].std(axis=0)
    kept = scale > 0
    scaled = values[:, kept] / scale[kept]
    means = {key: scaled[rows].mean(axis=0) for key, rows in found.items()}
    # The same number of cells a group counts, so that no library outweighs the others.
    weight = {key: 1 / np.sqrt(len(rows)) for key, rows in found.items()}
    size = np.mean([len(rows) for rows in found.values()])
    residuals = np.concatenate([(scaled[rows] - means[key]) * weight[key] for key, rows in found.items()])
    within = ledoit_wolf(residuals * np.sqrt(size), assume_centered=True)[0]
    of_state = {state: np.array([mean for key, mean in means.items() if key[1] == state]) for state in states}
    spreads = [np.cov(m, rowvar=False) for m in of_state.values() if len(m) > 1]
    between = np.mean(spreads, axis=0) if spreads else 0.0
    low, high = (of_state[state].mean(axis=0) for state in states)
    weights = np.linalg.solve(within + between, high - low)
    length = float(weights @ (high - low))
    weights = pd.Series(weights / length / scale[kept], index=features.columns[kept])
    return Discriminant(weights, float((low * scale[kept]) @ weights.to_numpy()))


def shifts(features: pd.DataFrame, labels: pd.DataFrame, states: tuple[str, str]) -> pd.DataFrame:
    """Return, per model left out, how far its mean scores lie from the other models' (columns: the two states).

    The discriminant is learned without the model, so that a shift holds what a new patient will differ by. No rows with
    fewer than two models in both states.
    """
    models = paired(groups(labels, states), states)
    rows = {}
    for model in models if len(models) > 1 else []:
        others = (labels["model"].astype(str) != model).to_numpy()
        rule = learn(features[others], labels[others], states)
        means = group_means(rule.score(features), labels, states)
        rest = means.drop(index=model)
        rows[model] = means.loc[model] - rest.mean()
    return pd.DataFrame.from_dict(rows, orient="index", columns=list(states))


def group_means(scores: np.ndarray, labels: pd.DataFrame, states: tuple[str, str]) -> pd.DataFrame:
    """Return the mean score of each model (rows) in each state (columns); NaN where it has too few cells."""
    table = pd.DataFrame(index=sorted(set(labels["model"].astype(str))), columns=list(states), dtype=float)
    for (model, state), rows in groups(labels, states).items():
        table.loc[model, state] = scores[rows].mean()
    return table.dropna(how="all")
