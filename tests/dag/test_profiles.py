"""Profiles are accepted by Snakemake, with the lines that a user fills in as well."""

import re
import shutil
from pathlib import Path

import pytest
import yaml
from snakemake_executor_plugin_slurm.partitions import read_partition_file

ROOT = Path(__file__).parents[2]


def test_the_local_profile_is_accepted(shipped):
    assert "Nothing" not in shipped.dry_run("--profile", str(ROOT / "config" / "profiles" / "local"), "references").text


@pytest.mark.parametrize("filled_in", [False, True])
def test_the_slurm_profile_is_accepted(shipped, filled_in):
    """As shipped, and with every commented setting in force but conda, which would be looked for."""
    profile = shipped.folder / "profile"
    shutil.copytree(ROOT / "config" / "profiles" / "slurm", profile)
    path = profile / "config.yaml"
    text = path.read_text()
    if filled_in:
        text = re.sub(r"^( *)# ( *(?!software|conda)[a-z_-]+: *.*)$", r"\1\2", text, flags=re.MULTILINE)
        path.write_text(text)
    settings = yaml.safe_load(text)
    assert ("slurm_account" in settings["default-resources"]) == ("group-components" in settings) == filled_in
    said = shipped.dry_run("--profile", str(profile), "references").text
    assert ("slurm_partition=cpu" in said) == filled_in
    # A rule's request precedes the default of the profile, and the profile's setting for that rule precedes both.
    asked = re.search(r"^rule index_kb:.*?resources: ([^\n]*)", said, re.MULTILINE | re.DOTALL)[1]
    assert ("runtime=480" in asked and "mem_mb=64000" in asked) if filled_in else "runtime=240" in asked


def test_slurm_s_plugin_reads_the_partitions():
    """Some partition takes eight threads for a day, as the longest rules ask."""
    folder = ROOT / "config" / "profiles" / "slurm"
    limits = [entry.limits for entry in read_partition_file(folder / "partitions.yaml")]
    assert len(limits) > 1 and all(entry.max_threads < 1000 for entry in limits)
    assert any(entry.max_runtime >= 24 * 60 and entry.max_threads >= 8 for entry in limits)
    assert "slurm-partition-config: config/profiles/slurm/partitions.yaml" in (folder / "config.yaml").read_text()
