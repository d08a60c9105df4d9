"""Whatever a sheet or a config holds, it is read or refused in lines of text: no other exception leaves the reader."""

from __future__ import annotations

import copy
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scripts.base import job
from scripts.study.load import load_study
from scripts.study.schema import read_schema
from scripts.study.sheet import read_sheet

QUIET = settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
COLUMNS = {kind: list(read_schema(kind)["properties"]) for kind in ("samples", "units")}

characters = st.characters(codec="utf-8")
cells = st.one_of(
    st.text(characters, max_size=8),
    st.sampled_from(
        ["", "S1", "A", "untreated", "scrna", "profile", "a.fq", "b.fq.gz", "NA", '"S1"', "\ufeff", "#", "{}"]
    ),
)
scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.dates())
keys = st.one_of(st.text(max_size=5), st.integers(), st.booleans(), st.none())
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3))


@st.composite
def sheets(draw, kind):
    """Draw a text that looks like a sheet: its columns in some order, some lost, and rows of about that length."""
    header = draw(st.lists(st.sampled_from([*COLUMNS[kind], "", "sampel"]), min_size=1, max_size=9))
    if draw(st.booleans()):
        header = COLUMNS[kind]
    rows = draw(st.lists(st.lists(cells, min_size=0, max_size=len(header) + 1), max_size=4))
    end = draw(st.sampled_from(["\n", "\r\n", "\r", "\n\n"]))
    return end.join("\t".join(row) for row in [header, *rows])


def read(content: bytes, kind: str):
    """Return the sheet made of these bytes, or the lines it is refused with."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "sheet.tsv"
        path.write_bytes(content)
        try:
            return read_sheet(path, kind)
        except job.UserError as error:
            lines = str(error).split("\n")
            assert lines and all(line.startswith(f"{path}, row ") and line.isprintable() for line in lines), lines
            return lines


def check(table, kind: str) -> None:
    """Check that a sheet that was read holds nothing but its columns, as printable text."""
    assert list(table.columns) == COLUMNS[kind]
    for column in read_schema(kind)["required"]:
        assert (table[column] != "").all()
    assert all(isinstance(cell, str) and (cell == "" or cell.isprintable()) for cell in table.to_numpy().ravel())


@pytest.mark.parametrize("kind", COLUMNS)
@QUIET
@given(content=st.binary(max_size=60))
def test_any_bytes(kind, content):
    found = read(content, kind)
    if not isinstance(found, list):
        check(found, kind)


@pytest.mark.parametrize("kind", COLUMNS)
@QUIET
@given(data=st.data())
def test_anything_like_a_sheet(kind, data):
    found = read(data.draw(sheets(kind)).encode(), kind)
    if not isinstance(found, list):
        check(found, kind)


@QUIET
@given(name=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,9}", fullmatch=True))
def test_every_safe_name_is_read_as_it_is(name):
    found = read(f"sample\tunit\tfq1\tfq2\n{name}\t{name}\ta.fq\tb.fq".encode(), "units")
    if name.lower() in ("na", "nan", "none", "null"):
        assert "is not allowed for a missing value" in found[0]
    else:
        assert found.loc[2].tolist() == [name, name, "a.fq", "b.fq"]


def refused_in_lines(config) -> None:
    """Check that a config is taken, or refused in printable lines."""
    lines = ["taken"]
    try:
        load_study(config, check_files=False)
    except job.UserError as error:
        lines = str(error).split("\n")
    assert all(line and line.isprintable() for line in lines), lines


@QUIET
@given(config=values)
def test_any_config(config):
    refused_in_lines(config)


@pytest.fixture
def written(draft):
    """Return the config of a study that is right."""
    return draft.write()


@QUIET
@given(data=st.data())
def test_any_value_anywhere_in_a_config(written, data):
    config = copy.deepcopy(written)
    load_study(config)
    config["cells"] = {"qc": {"min_counts": 5}, "overrides": {"A_AC": {"qc": {}}}}
    part = config
    while True:
        steps = list(part) if isinstance(part, dict) else list(range(len(part)))
        step = data.draw(st.sampled_from(steps))
        if not isinstance(part[step], (dict, list)) or not part[step] or data.draw(st.booleans()):
            break
        part = part[step]
    part[step] = data.draw(values)
    refused_in_lines(config)


@QUIET
@given(row=st.lists(cells, min_size=8, max_size=8), lane=st.lists(cells, min_size=4, max_size=4))
def test_any_row_more_in_a_study(draft, row, lane):
    text = draft.samples, draft.units
    draft.samples += "\t".join(row) + "\n"
    draft.units += "\t".join(lane) + "\n"
    refused_in_lines(draft.write())
    draft.samples, draft.units = text
