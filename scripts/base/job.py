"""The edge between a Snakemake job and our Python: logging, threads and readable failures.

Every script ends with ``job.run(main, snakemake)``. A :class:`UserError` is a mistake in what the user gave us: it
becomes one line on the terminal and in the job's log, and a non-zero exit. Everything else is our own defect and keeps
its traceback in the log. Outputs take their names when the job is done: whatever ends it before leaves none of them
half written.
"""

from __future__ import annotations

import contextlib
import copy
import errno
import logging
import os
import shutil
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

log = logging.getLogger("persister-regulons")
ROOT = Path(__file__).parents[2]
"""The workflow's own folder, wherever it is called from; scripts run from copies, this module doesn't."""

HDF5 = b"\x89HDF\r\n\x1a\n"
ENDS = {".parquet": (b"PAR1",), ".feather": (b"ARROW1", b"FEA1")}
"""First bytes of HDF5 files, and last bytes of other kinds, which a truncated file lacks."""
FULL = {errno.ENOSPC, errno.EDQUOT}
"""A full disk, or a user's share of it."""


class UserError(Exception):
    """A mistake that the user can correct: the message names the file, the place in it, and what to do."""


UNFINISHED = ".unfinished"


def set_aside(path: str) -> str:
    """Return where an output is written until the job is done: under its own name (some formats keep it) in a hidden
    folder beside its place, so that moving it there is one step on one file system.
    """
    place = Path(path)
    return str(place.parent / f".{place.name}{UNFINISHED}" / place.name)


def place_of(path: str) -> Path:
    """Return where an output of a running job will lie."""
    made = Path(path)
    return made.parents[1] / made.name if made.parent.name == f".{made.name}{UNFINISHED}" else made


def put_in_place(made: Path, place: Path) -> None:
    """Move an output to its place; a relative link keeps pointing to the same file."""
    if made.is_symlink() and not os.path.isabs(os.readlink(made)):
        target = os.path.relpath(made.resolve(), place.parent.resolve())
        made.unlink()
        made.symlink_to(target)
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    made.replace(place)


@contextlib.contextmanager
def whole_outputs(snakemake: Any) -> Iterator[Any]:
    """Give a job whose outputs lie aside; put them in place if the body ends well, drop them if not.

    A killed job leaves its hidden folders, which its next attempt empties. What the body didn't write isn't moved:
    Snakemake names it.
    """
    places = [str(path) for path in getattr(snakemake, "output", [])]
    folders = [Path(set_aside(path)).parent for path in places]
    if not places:
        yield snakemake
        return
    aside = copy.copy(snakemake)
    aside.output = type(snakemake.output)(toclone=snakemake.output, custom_map=lambda path: set_aside(str(path)))
    try:
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        yield aside
        for made, place in zip(map(str, aside.output), places, strict=True):
            if os.path.lexists(made):
                put_in_place(Path(made), Path(place))
    finally:
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)


def fault_of(path: Path) -> str | None:
    """Return why an input can't be read, or nothing: gone, not permitted, or shorter than its format says it is."""
    try:
        if path.is_dir():
            return None
        with open(path, "rb") as handle:
            first, size = handle.read(48), handle.seek(0, os.SEEK_END)
            if first.startswith(HDF5):
                # Where HDF5 files say how long they are, by the version of their first block.
                at = 40 if first[8] < 2 else 28
                if int.from_bytes(first[at : at + 8], "little") > size:
                    return "it is truncated: shorter than its header states"
            elif ends := ENDS.get(path.suffix):
                handle.seek(max(size - len(ends[0]), 0))
                if not handle.read().endswith(ends):
                    return f"it is truncated: it must end in {ends[0].decode()}"
    except OSError as error:
        return error.strerror or str(error)
    return None


def refuse(where: str, message: str, *, at_once: bool = False) -> NoReturn:
    """Report the user's mistake in one line, on the terminal and in the log, and exit.

    ``at_once``: without throwing objects away, which on a full disk makes HDF5 fail again, with a traceback for each.
    """
    log.error("%s", message)
    print(f"error in {where}: {message}", file=sys.stderr)
    if at_once:
        logging.shutdown()
        sys.stderr.flush()
        os._exit(1)
    sys.exit(1)


def is_full(error: BaseException | None) -> bool:
    """Return whether a disk is full: HDF5 has no errno of its own for that, only the words."""
    return getattr(error, "errno", None) in FULL or os.strerror(errno.ENOSPC) in str(error)


class Ignored(list):
    """What failed while objects were thrown away, which Python can't raise: HDF5 files closed on a full disk do.

    Set as Python's hooks, it is given kind, value and traceback, or one object that has them; each is logged in a line.
    """

    def __call__(self, *failure: Any) -> None:
        """Keep and log one failure."""
        self.append(failure[1] if len(failure) > 1 else failure[0].exc_value)
        log.warning("while cleaning up: %s: %s", type(self[-1]).__name__, self[-1])


@contextlib.contextmanager
def hidden(package: str) -> Iterator[None]:
    """Keep a package from being imported by others that import it wherever it is installed, and work without it.

    A package that is imported already stays so.
    """
    absent = package not in sys.modules
    if absent:
        sys.modules[package] = None
    try:
        yield
    finally:
        if absent and sys.modules.get(package, ...) is None:
            del sys.modules[package]


def run(main: Callable[[Any], None], snakemake: Any) -> None:
    """Call ``main(snakemake)`` with logging set up, outputs whole or not there, and failures reported in one line."""
    path = Path(str(snakemake.log[0])) if len(snakemake.log) else None
    handlers: list[logging.Handler] = [logging.FileHandler(path, mode="w")] if path else [logging.StreamHandler()]
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", handlers=handlers, force=True
    )
    # anndata talks to the terminal, once it is imported, of how it stores columns.
    logging.getLogger("anndata").setLevel(logging.WARNING)
    logging.captureWarnings(True)
    logging.raiseExceptions = (
        False  # on a full disk the log can't be written either: the reason is reported on the terminal
    )
    warnings.simplefilter("once")
    # What is raised by our own code is caught below; only what can't be raised comes here.
    sys.excepthook = sys.unraisablehook = ignored = Ignored()
    os.environ.setdefault("MPLBACKEND", "Agg")
    where = f"{snakemake.rule}" + (f" ({path})" if path else "")
    try:
        # anndata imports dask, which takes a third of its own time. arboreto, which needs dask, is imported by
        # scripts/regulons/pyscenic_compat.py alone.
        with hidden("dask"), whole_outputs(snakemake) as aside:
            main(aside)
            for error in filter(is_full, ignored):
                raise error  # an output isn't whole, though nobody noticed
    except UserError as error:
        refuse(where, str(error))
    except Exception as error:
        if is_full(error):
            remedy = "free space in the folder of the results or of temporary files"
            said = " ".join(str(error).split())  # HDF5 dates it, with a line's end
            refuse(where, f"no space left ({said}); {remedy}", at_once=True)
        log.error("%s", traceback.format_exc())
        for given in map(Path, getattr(snakemake, "input", ())):
            if fault := fault_of(given):
                remedy = "restore it, or, if the workflow made it, remove it and run again"
                refuse(where, f"{given}: can't be read ({fault}); {remedy}")
        print(f"internal error in {where}: {type(error).__name__}: {error}", file=sys.stderr)
        sys.exit(1)
