"""The platforms that a study's samples were measured on, and what can't be separated from them."""

from __future__ import annotations

import pandas as pd

CONFOUNDED = (
    "confounded: each model has one platform; a difference between platforms can't be separated from one between "
    "patients"
)


def describe(samples: pd.DataFrame) -> tuple[str, str]:
    """Return the platforms with the models of each, and a note if patients and platforms can't be separated; both
    empty where there is one platform.

    ``samples``: those compared, with model and platform; cells alone have no such column.
    """
    if "platform" not in samples:
        return "", ""
    of_model = samples.groupby("model", sort=False)["platform"].agg(lambda names: list(dict.fromkeys(names)))
    names = list(dict.fromkeys(samples["platform"]))
    if len(names) < 2:
        return "", ""
    on = {name: [model for model, have in of_model.items() if name in have] for name in names}
    text = "; ".join(f"{name} ({', '.join(have)})" for name, have in on.items())
    return text, CONFOUNDED if of_model.map(len).max() == 1 else ""
