"""Provide a file named in the config: a local file is linked (its SHA-256 is checked if given), and a URL is downloaded
(SHA-256 required).
"""

import http.client
import json
import os
import shutil
import time
import urllib.request
from pathlib import Path

from scripts.base import job
from scripts.base.files import sha256_of

TIMEOUT = 60
"""Timeout (s) of a server that doesn't respond."""
PAUSES = (5, 30)
"""Delays (s) between download attempts. Only network errors are retried, not a wrong checksum."""


def verify(path: Path, sha256: str | None, source: str) -> None:
    """Raise :class:`job.UserError` if ``path`` is empty or its SHA-256 differs from the given one."""
    if path.stat().st_size == 0:
        raise job.UserError(f"{source}: the file is empty; fetch it again")
    if not sha256:
        return
    found = sha256_of(path)
    if found != sha256.strip().lower():
        raise job.UserError(
            f"{source}: SHA-256 is {found}, the config says {sha256}; fetch the file again, or correct sha256 if the "
            f"release is meant"
        )
    job.log.info("SHA-256 as given: %s", found)


def link(source: Path, target: Path, sha256: str | None) -> None:
    """Verify ``source`` and make ``target`` a relative link to it."""
    if not source.is_file():
        raise job.UserError(f"{source}: no such file; correct the path in the config")
    verify(source, sha256, str(source))
    target.unlink(missing_ok=True)
    target.symlink_to(os.path.relpath(source.resolve(), target.parent.resolve()))


def fetch(url: str, target: Path, sha256: str | None) -> None:
    """Download to a temporary file next to ``target``, verify, then rename, so that ``target`` is never incomplete."""
    if not sha256:
        raise job.UserError(
            f"{url}: a url needs its sha256; give it in the config, or fetch the file and give its path"
        )
    part = target.with_name(target.name + ".part")
    try:
        for pause in (*PAUSES, None):
            try:
                download(url, part)
                break
            except (OSError, ValueError, http.client.HTTPException) as error:
                if job.is_full(error):
                    raise
                if pause is None or not may_pass(error):
                    remedy = "fetch it yourself and give its path in the config instead"
                    raise job.UserError(f"{url}: can't be fetched ({error}); {remedy}") from error
                job.log.warning("%s: %s; tried again in %d s", url, error, pause)
                time.sleep(pause)
        verify(part, sha256, url)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def may_pass(error: Exception) -> bool:
    """Return whether a download error may be temporary: a wrong address or a missing file isn't."""
    reason = getattr(error, "reason", error)
    return not isinstance(reason, FileNotFoundError | ValueError) and getattr(error, "code", 500) >= 500


def download(url: str, part: Path) -> None:
    """Write the content of a URL; raise :class:`OSError` if it is empty, or shorter than announced."""
    with urllib.request.urlopen(url, timeout=TIMEOUT) as answer, open(part, "wb") as out:
        shutil.copyfileobj(answer, out, 1 << 20)
        expected = answer.headers.get("Content-Length") if answer.headers else None
    if expected and int(expected) != part.stat().st_size:
        raise OSError(f"{part.stat().st_size} of {expected} bytes were received")


def main(snakemake) -> None:
    """Write the file or a link to it, and in a second output its description: source, size and checksum."""
    target, sha256, url = Path(snakemake.output[0]), snakemake.params.get("sha256"), snakemake.params.get("url")
    if not url and not list(snakemake.input):
        raise job.UserError(
            f"{target.name}: the config names no such file; regulons need databases, motif_annotations and tfs "
            "(section regulons). Without them the study ends at expression: run `snakemake expression`"
        )
    if url:
        fetch(url, target, sha256)
    else:
        link(Path(snakemake.input[0]), target, sha256)
    for source in list(snakemake.output)[1:]:
        said = {"source": url or str(snakemake.input[0]), "bytes": target.stat().st_size, "sha256": sha256}
        Path(source).write_text(json.dumps(said) + "\n")


if __name__ == "__main__":
    job.run(main, snakemake)
