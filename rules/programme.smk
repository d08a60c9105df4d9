# Programme: the stages that compare patients, from profiles to markers, as one target.


rule programme:
    input:
        rules.profiles.input,
        rules.expression.input,
        rules.activity.input,
        rules.switches.input,
        rules.confounders.input,
        rules.markers.input,
    localrule: True
