"""The edge between a Snakemake job and our Python: logging, threads and readable failures.

Every script ends with ``job.run(main, snakemake)``. A :class:`UserError` is a mistake in what the user gave us: it
becomes one line on the terminal and in the job's log, and a non-zero exit. Everything else is our own defect and keeps
its traceback in the log.
"""

from __future__ import annotations

import logging
import os
import sys
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

log = logging.getLogger("persister-regulons")


class UserError(Exception):
    """Something the user can mend: the message names the file, the place in it, and what to do."""


def discard(snakemake: Any) -> None:
    """Remove the files that a failed job has begun to write: whoever runs the script, nothing half-written is left."""
    for path in map(Path, getattr(snakemake, "output", ())):
        if path.is_symlink() or path.is_file():
            path.unlink()


def run(main: Callable[[Any], None], snakemake: Any) -> None:
    """Call ``main(snakemake)`` with logging set up and failures reported in one line."""
    path = Path(str(snakemake.log[0])) if len(snakemake.log) else None
    handlers: list[logging.Handler] = [logging.FileHandler(path, mode="w")] if path else [logging.StreamHandler()]
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", handlers=handlers, force=True
    )
    # anndata talks to the terminal; what it says belongs into the job's log.
    logging.getLogger("anndata").handlers.clear()
    logging.getLogger("anndata").propagate = True
    logging.captureWarnings(True)
    warnings.simplefilter("once")
    os.environ.setdefault("MPLBACKEND", "Agg")
    where = f"{snakemake.rule}" + (f" ({path})" if path else "")
    try:
        main(snakemake)
    except UserError as error:
        discard(snakemake)
        log.error("%s", error)
        print(f"error in {where}: {error}", file=sys.stderr)
        sys.exit(1)
    except Exception as error:
        discard(snakemake)
        log.error("%s", traceback.format_exc())
        print(f"internal error in {where}: {type(error).__name__}: {error}", file=sys.stderr)
        sys.exit(1)
