"""Terms in the stage's tables used by figures and report, and the level of a row; importable in any environment."""

import pandas as pd

ARMS, UNITS, DRUGS = "similarity of arms", "similarity of models by arm", "state x drug"
"""What treatment.tsv asks."""
CONFOUNDED = "confounded"
"""How a note of treatment.tsv begins if what the drug does can't be separated from what the patient does."""
OVER_PATIENTS, IN_TUMOURS = "over patients", "in these tumours"
"""Population of a number: patients like these, each counted once; or the tumours measured (voom and limma)."""
VOOM = "voom_"
"""Prefix of the columns that refer to these tumours."""


def with_level(expression: pd.DataFrame) -> pd.DataFrame:
    """Return rows of differential_expression.tsv of one contrast and arm with ``level``, and with log_fc, ci_low,
    ci_high, t, p and fdr of that level.

    The level is :data:`OVER_PATIENTS` if there is a t over patients. With fewer than three models there is none. Genes
    are then ordered by the t :data:`IN_TUMOURS`, and the column states this.
    """
    if expression["t"].notna().any() or expression["voom_t"].isna().all():
        return expression.assign(level=OVER_PATIENTS)
    own = {name: expression[VOOM + name] for name in ("log_fc", "ci_low", "ci_high", "t", "p", "fdr")}
    return expression.assign(**own, n_models=expression["voom_n_models"], level=IN_TUMOURS)
