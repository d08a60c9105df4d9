# From the raw reads of treated tumour models to the transcription-factor switches of drug persistence.
import contextlib
import os
import subprocess
import tempfile
from pathlib import Path

from snakemake.utils import min_version

min_version("9.25")


def check_out(source):
    """Return the path of this file in a clone of the repository that Snakemake read it from, at the same commit."""
    hosted = getattr(source, "hosted_repo", None)
    repository = str(hosted.repo_clone if hosted else source.repo_path)
    asked = ["git", "-C", repository, "rev-parse", f"{source.ref}^{{commit}}"]
    commit = subprocess.run(asked, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "persister-regulons" / commit
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as name:
            clone = Path(name) / commit
            subprocess.run(["git", "clone", "--quiet", "--no-checkout", repository, clone], check=True)
            subprocess.run(["git", "-C", clone, "checkout", "--quiet", "--detach", commit], check=True)
            # In one step, since several processes may do this at once: the first one's stays.
            with contextlib.suppress(OSError):
                clone.rename(folder)
    return str(folder / "Snakefile")


if "://" in workflow.current_basedir.get_path_or_uri(secret_free=True):

    # Used by name (git+file:, github(…)): Snakemake fetches files one at a time, and Python finds no package there.
    include: check_out(workflow.current_basedir)

else:

    # A config given by --configfile that names its samples is a study of its own; any other is laid over this one.
    if "samples" not in config:

        configfile: "config/config.yaml"

    pathvars:
        results="results",
        logs="<results>/logs",
        benchmarks="<results>/benchmarks",

    include: "rules/all.smk"
