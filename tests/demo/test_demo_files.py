"""Result files of the demo hold nothing but the results."""

import json

import pytest
from rocrate.rocrate import ROCrate


def written(path) -> int:
    """Return the time stamp in the header of a gzip file (RFC 1952: seconds, little-endian, from byte 4 on)."""
    with path.open("rb") as handle:
        return int.from_bytes(handle.read(8)[4:], "little")


@pytest.mark.parametrize("suffix", [".tsv.gz", ".narrowPeak.gz"])
def test_compressed_files_hold_no_time_of_writing(results, suffix):
    """Otherwise two runs of the same input differ."""
    times = {str(path.relative_to(results)): written(path) for path in results.rglob(f"*{suffix}")}
    assert times
    assert {name for name, time in times.items() if time > 1} == set()


def test_the_crate_of_the_run_holds_files_that_exist_with_their_hashes(results):
    told = json.loads((results / "manifest.json").read_text())["results"]
    files = {file.id: file for file in ROCrate(results).root_dataset["hasPart"]}
    assert set(told) <= set(files) and len(files) > 100
    assert [name for name in files if not (results / name).is_file()] == []
    assert {name: files[name]["sha256"] for name in told} == told
