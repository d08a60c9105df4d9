"""Profiles are accepted by Snakemake, with the lines that a user fills in as well."""

import re
import shutil
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]


def test_the_local_profile_is_accepted(shipped):
    assert "Nothing" not in shipped.dry_run("--profile", str(ROOT / "config" / "profiles" / "local"), "references").text


@pytest.mark.parametrize("filled_in", [False, True])
def test_the_slurm_profile_is_accepted(shipped, filled_in):
    """As shipped, and with every commented setting in force."""
    profile = shipped.folder / "profile"
    shutil.copytree(ROOT / "config" / "profiles" / "slurm", profile)
    path = profile / "config.yaml"
    text = path.read_text()
    if filled_in:
        text = re.sub(r"^( *)# ( *[a-z_-]+: *\S*.*)$", r"\1\2", text, flags=re.MULTILINE)
        path.write_text(text)
    settings = yaml.safe_load(text)
    assert ("slurm_account" in settings["default-resources"]) == ("groups" in settings) == filled_in
    said = shipped.dry_run("--profile", str(profile), "references").text
    assert ("slurm_partition=cpu" in said) == filled_in
    # What a rule asks for wins over the profile's default, and the profile's own line over the rule.
    asked = re.search(r"^rule index_kb:.*?mem_mb=(\d+|<TBD>)", said, re.MULTILINE | re.DOTALL)[1]
    assert asked == ("64000" if filled_in else "<TBD>")
    assert re.search(r"^rule provide_whitelist:.*?mem_mb=2500.*?runtime=10", said, re.MULTILINE | re.DOTALL) or (
        re.search(r"^rule provide_whitelist:.*?runtime=10.*?mem_mb=2500", said, re.MULTILINE | re.DOTALL)
    )
