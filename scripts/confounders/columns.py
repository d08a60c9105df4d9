"""The column dictionary of the tables on confounders."""

from __future__ import annotations

TABLES: dict[str, dict[str, str]] = {
    "confounders.tsv": {
        "confounder": "what differs between the samples beside the programme",
        "method": "how it was held: at equal scores (slopes inside samples), among some cells only, its genes left "
        "out, counts thinned, cells drawn, or extrapolated over the models",
        "contrast": "which timepoint against which baseline",
        "what": "signature (score, learned in the other models), genes changed (number), or a shared switch",
        "effect_before": "mean over models of the difference, on the log scale of cells (of activity for a switch)",
        "effect_after": "the same with the confounder held",
        "ci_low": "lower end of its 95 % interval over models",
        "ci_high": "upper end",
        "share_remaining": "sum over models after, by sum before; empty where the effect before isn't clear of zero",
        "share_low": "lower end of its 95 % interval (Fieller)",
        "share_high": "upper end",
        "n_models": "models in which it could be held",
        "note": "what couldn't be held, and why",
    },
    "programme_verdict.tsv": {
        "contrast": "which timepoint against which baseline",
        "verdict": "persister programme; cell cycle, stress or hypoxia alone (less than half remains without it); no "
        "shared programme shown; too few models",
        "n_models": "models",
        "signature_effect": "change of the signature's score, learned in the other models, mean over models",
        "ci_low": "lower end of its 95 % interval over models",
        "ci_high": "upper end",
        "p": "one-sided p-value of t over models: the signature knows its direction",
        "remaining": "least share that remains, by confounder",
        "note": "why this verdict, and what was not asked",
    },
    "clones.tsv": {
        "model": "patient-derived model",
        "sample": "sample, as in the samples sheet",
        "timepoint": "state of the tumour",
        "clone": "copy-number clone (1 is the largest of the model)",
        "cells": "its cells",
        "share": "share of the sample's cells",
    },
}
