"""Hold memory for a while, as a job does that found more cells than expected."""

import time
from pathlib import Path

with open(str(snakemake.log[0]), "a") as log:
    log.write(f"{snakemake.resources.mem_mb}\n")
held = b"\1" * (snakemake.params.held_mb * 1_000_000)
time.sleep(8)
Path(snakemake.output[0]).write_text(f"{len(held)}\n")
