"""Record what made the results: workflow, software, config, inputs, seeds and their hashes, and the tables' hashes.

Everything but the section ``run`` follows from inputs, config and code, and is the same when they are: two runs are
compared by it. `scripts/report/reproduce.py` extracts the config of a manifest, and compares two.
"""

import hashlib
import json
import platform
import re
import subprocess
import tomllib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from scripts.base import job
from scripts.base.files import sha256_of
from scripts.base.workflow import SNAKEFILE
from scripts.study.stored import exchanged

ROOT = SNAKEFILE.parent
SOURCE = ("Snakefile", "rules", "scripts", "envs", "resources", "config/schemas")
"""Files of the workflow, without those of the study."""
TABLES = (".tsv", ".tsv.gz", ".gmt", ".json", ".parquet", ".txt")
"""Results determined by inputs, config and seeds, byte for byte; matrices may differ in layout, pages in their date."""


def hash_tree(root: Path, parts: Iterable[str] = SOURCE) -> str:
    """Return one SHA-256 over names and contents of all files below ``parts`` of a folder."""
    digest = hashlib.sha256()
    for part in parts:
        path = root / part
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and "__pycache__" not in file.parts:
                digest.update(f"{file.relative_to(root)}\0{sha256_of(file)}\n".encode())
    return digest.hexdigest()


def git(root: Path, *arguments: str) -> str | None:
    """Return the output of git for a folder; None without git, or if it isn't a repository's top.

    A checkout that belongs to somebody else, as on a cluster, is read too: nothing of it is run.
    """
    command = ["git", "-c", f"safe.directory={root}", "-C", str(root), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    except OSError:
        return None
    if done.returncode:
        job.log.info("git: %s", done.stderr.strip())
    return done.stdout.strip() if done.returncode == 0 else None


def describe_commit(root: Path) -> dict[str, object]:
    """Return the commit and whether tracked files differ from it (both None outside a repository of its own)."""
    top = git(root, "rev-parse", "--show-toplevel")
    if top is None or Path(top).resolve() != root.resolve():
        return {"commit": None, "dirty": None}
    status = git(root, "status", "--porcelain", "--untracked-files=no")
    return {"commit": git(root, "rev-parse", "HEAD"), "dirty": None if status is None else bool(status)}


def describe_software(root: Path) -> dict[str, object]:
    """Return versions of Python and of what pyproject.toml names, the lock's hash, and where the two disagree."""
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"] if has(root, "pyproject.toml") else {}
    names = sorted({re.match(r"[\w.-]+", entry)[0] for entry in project.get("dependencies", [])}, key=str.lower)
    installed = {name: version_of(name) for name in names}
    locked: dict[str, str] = {}
    if has(root, "requirements.lock"):
        found = re.findall(r"^([\w.-]+)==(\S+)", (root / "requirements.lock").read_text(), re.MULTILINE)
        locked = {canonical(name): pinned for name, pinned in found}
    unlike = {
        name: locked[canonical(name)]
        for name, own in installed.items()
        if canonical(name) in locked and locked[canonical(name)] != own
    }
    return {
        "version": project.get("version"),
        "python": platform.python_version(),
        "packages": installed,
        "lock": sha256_of(root / "requirements.lock") if has(root, "requirements.lock") else None,
        "lock_has_other_version": unlike,
    }


def has(root: Path, name: str) -> bool:
    """Return whether a folder contains a file."""
    return (root / name).is_file()


def canonical(name: str) -> str:
    """Return a package's name as PyPI compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def version_of(package: str) -> str | None:
    """Return the version of an installed package, or None."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def seeds_of(config: object, place: str = "") -> Iterator[tuple[str, object]]:
    """Yield every seed of a config by its key."""
    if isinstance(config, dict):
        for key, value in config.items():
            name = f"{place}.{key}".removeprefix(".")
            if key in ("seed", "seeds"):
                yield name, value
            else:
                yield from seeds_of(value, name)


def hash_files(paths: Iterable[str]) -> dict[str, str | None]:
    """Return the SHA-256 of each file, of a folder that of its files; None for what is gone."""
    found: dict[str, str | None] = {}
    for name in dict.fromkeys(paths):
        path = Path(name)
        found[name] = sha256_of(path) if path.is_file() else hash_tree(path, ["."]) if path.is_dir() else None
    return found


def exchanged_keys(found: dict[str, object], names: dict[str, str]) -> dict[str, object]:
    """Return what was found of each file by another of its names, where it has one."""
    return {names.get(name, name): value for name, value in found.items()}


def sizes_of(paths: Iterable[str]) -> dict[str, int | None]:
    """Return the bytes of each file: reads are too many to be read once more."""
    return {name: Path(name).stat().st_size if Path(name).is_file() else None for name in dict.fromkeys(paths)}


def moment(seconds: float) -> str:
    """Return a time as ISO 8601 in UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def describe_run(files: list[Path]) -> dict[str, object]:
    """Return what differs between any two runs: host, and when the first and the last result were written.

    Of a link to a user's file, when it was made.
    """
    times = [file.lstat().st_mtime for file in files if file.exists()]
    return {
        "host": platform.node(),
        "system": platform.platform(),
        "first_result": moment(min(times)) if times else None,
        "last_result": moment(max(times)) if times else None,
        "written": moment(datetime.now(UTC).timestamp()),
    }


def main(snakemake) -> None:
    """Read the results and what made them; write the manifest."""
    stored, results = snakemake.params.stored, job.place_of(snakemake.output[0]).parent
    # Copies of an object store's files go by their addresses, which hold elsewhere too.
    config = exchanged({key: value for key, value in snakemake.config.items() if key != "store"}, stored)
    files = [Path(path) for path in dict.fromkeys(snakemake.input) if path not in snakemake.input.sheets]
    tables = sorted(path for path in files if path.name.endswith(TABLES) and path.is_file())
    manifest = {
        "workflow": {**describe_software(ROOT), **describe_commit(ROOT), "source": hash_tree(ROOT)},
        "config": config,
        "seeds": dict(seeds_of(config)),
        "inputs": {
            "sheets": hash_files(snakemake.input.sheets),
            **{
                kind: exchanged_keys((sizes_of if kind == "reads" else hash_files)(paths), stored)
                for kind, paths in snakemake.params.inputs.items()
            },
        },
        "results": {str(path.relative_to(results)): sha256_of(path) for path in tables},
        "run": describe_run(files),
    }
    Path(snakemake.output[0]).write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    lost = [name for kind in manifest["inputs"].values() for name, value in kind.items() if value is None]
    if lost:
        job.log.warning("%d inputs were removed after they were read: %s", len(lost), ", ".join(lost[:3]))
    job.log.info("%d tables hashed", len(tables))


if __name__ == "__main__":
    job.run(main, snakemake)
