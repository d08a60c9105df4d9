# Programme: the stages that compare patients, from profiles to confounders, as one target.
from scripts.study.stages import PROGRAMME


rule programme:
    """All stages that compare patients: profiles, expression, activity, switches, confounders and markers."""
    input:
        [getattr(rules, stage).input for stage in PROGRAMME],
    localrule: True
