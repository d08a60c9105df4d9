import sys
if config.get("bad"):
    from snakemake.exceptions import WorkflowError
    raise WorkflowError("samples.tsv, row 3, column model: 'x' is unknown; add it to models in the config")
if config.get("bad2"):
    sys.exit("samples.tsv, row 3, column model: 'x' is unknown; add it to models in the config")
