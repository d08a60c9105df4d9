# Programme: the stages that compare patients, from profiles to markers, as one target.
from scripts.study.stages import PROGRAMME


rule programme:
    input:
        [getattr(rules, stage).input for stage in PROGRAMME],
    localrule: True
