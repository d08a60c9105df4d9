"""The finished demo's report and exports, copied to an object store."""

import io
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from checkout import ROOT
from object_store import KEYS, store  # noqa: F401

TABLES = "exports/tables.zip"
CONFIG = "config/demo/config.yaml"
PROFILE = "config/profiles/local"

pytestmark = pytest.mark.full


def call(address: str, *arguments: str) -> str:
    """Call the workflow on the demo, with a store for its results; return what it says."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("SNAKEMAKE_", "PYTHONPATH"))}
    command = [sys.executable, "-m", "snakemake", *arguments, "--cores", "1", "--workflow-profile", PROFILE]
    command += ["--storage-s3-endpoint-url", address, "--configfile", CONFIG, "--config", "store=s3://lab/studies/demo"]
    done = subprocess.run(command, cwd=ROOT, env=inherited | KEYS, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_report_and_exports_go_to_the_store(demo, store):  # noqa: F811
    """Byte for byte, files and folders; nothing is made again for it, and nothing is sent twice."""
    client, address = store
    said = call(address, "store")
    ran = {line.split()[1] for line in said.splitlines() if line.startswith(("rule ", "localrule "))}
    assert "make_report" not in said and "export_study" not in said, ran
    pages = client.get_paginator("list_objects_v2").paginate(Bucket="lab", Prefix="studies/demo/")
    sent = {entry["Key"].removeprefix("studies/demo/"): entry["Size"] for page in pages for entry in page["Contents"]}
    assert {"report/report.html", "manifest.json", "exports/study.h5ad", "exports/signatures.gmt"} <= set(sent)
    assert sent == {name: (demo / name).stat().st_size for name in sent if name != TABLES} | {TABLES: sent[TABLES]}
    packed = zipfile.ZipFile(io.BytesIO(client.get_object(Bucket="lab", Key=f"studies/demo/{TABLES}")["Body"].read()))
    tables = {str(path.relative_to(demo / "exports" / "tables")) for path in (demo / "exports" / "tables").rglob("*.*")}
    assert len(tables) > 20 and tables <= set(packed.namelist())
    manifest = client.get_object(Bucket="lab", Key="studies/demo/manifest.json")["Body"].read()
    assert json.loads(manifest) == json.loads(Path(demo / "manifest.json").read_text())
    assert not re.search("store.(result|tables)", call(address, "store"))
    # The whole study with its store has nothing left to do.
    assert "make_report" not in call(address, "--dry-run")
