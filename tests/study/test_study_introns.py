"""Introns: known for each library, by the sheet, the config or Cell Ranger's own files; mixing them is refused."""

from __future__ import annotations

import h5py
import pytest

from scripts.base.job import UserError
from scripts.study.introns import told_by_cell_ranger


def matrix_of(path, version, software="cellranger"):
    """Write a matrix .h5 that says which program wrote it; return the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        file.create_group("matrix")
        if version:
            file.attrs["software_version"] = f"{software}-{version}" if software else version
    return path


@pytest.mark.parametrize(
    ("version", "software", "told"),
    [
        ("7.1.0", "cellranger", "yes"),
        ("8.0.1", "", "yes"),
        ("6.1.2", "cellranger", "no"),
        ("3.0.0", "", "no"),
        ("2.0.0", "spaceranger", ""),
        ("", "", ""),
    ],
)
def test_the_version_of_cell_ranger_tells(tmp_path, version, software, told):
    """From 7 on introns are counted by default; where no version stands nothing is known."""
    assert told_by_cell_ranger(matrix_of(tmp_path / "m.h5", version, software)) == told


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("_invocation", "    include_introns = false,\n", "no"),
        ("outs/web_summary.html", '["Include introns","True"]', "yes"),
        ("outs/web_summary.html", '["Include introns", "False"]', "no"),
    ],
)
@pytest.mark.parametrize("form", ["h5", "folder"])
def test_a_run_s_own_files_tell_before_the_version(tmp_path, name, text, told, form):
    """The option of the run that wrote the matrix, for .h5 and folders."""
    path = matrix_of(tmp_path / "run/outs/raw_feature_bc_matrix.h5", "7.1.0")
    (tmp_path / "run" / name).write_text(text)
    folder = tmp_path / "run/outs/raw_feature_bc_matrix"
    folder.mkdir()
    assert told_by_cell_ranger(path if form == "h5" else folder) == told


def test_what_is_no_such_file_tells_nothing(tmp_path):
    """Text, a damaged .h5, a path that isn't there."""
    (tmp_path / "m.tsv").write_text("x")
    (tmp_path / "m.h5").write_bytes(b"\x89HDF\r\n\x1a\nbroken")
    for name in ("m.tsv", "m.h5", "none.h5"):
        assert told_by_cell_ranger(tmp_path / name) == ""


def test_the_sheet_goes_before_the_config(draft):
    """Nuclei among cells, where the config allows that."""
    draft.put("samples", 2, "introns", "yes")
    draft.set("counts.mixed_introns", True)
    study = draft.load()
    assert [study.counts_introns(sample) for sample in ("A_untreated", "A_AC")] == [True, False]
    assert study.kb_indices == ["kb", "kb_introns"]
    draft.put("samples", 3, "introns", "yes")
    assert draft.load().kb_indices == ["kb_introns"]
    draft.set("counts.introns", True)
    draft.put("samples", 2, "introns", "no")
    draft.put("samples", 3, "introns", "")
    assert [draft.load().counts_introns(sample) for sample in ("A_untreated", "A_AC")] == [False, True]


def test_mixing_is_refused_unless_the_config_says_so(draft):
    """Among reads, and between reads and a matrix whose introns the sheet tells."""
    draft.put("samples", 2, "introns", "yes")
    with pytest.raises(UserError, match=r"column introns: introns are counted in 1 libraries \(A_untreated\)"):
        draft.load()
    draft.put("samples", 2, "introns", "")
    draft.put("samples", 4, "introns", "yes")
    with pytest.raises(UserError, match=r"1 libraries \(B_untreated\) and not in 2 \(A_untreated, A_AC\)"):
        draft.load()
    draft.set("counts.introns", True)
    draft.load()


def test_a_matrix_of_cell_ranger_7_is_not_mixed_with_our_reads(draft, tmp_path):
    """Told from the file; the sheet may know better."""
    path = matrix_of(tmp_path / "m.h5", "7.0.0")
    draft.put("samples", 4, "matrix", str(path))
    with pytest.raises(UserError, match=r"1 libraries \(B_untreated\)"):
        draft.load()
    draft.put("samples", 4, "introns", "no")
    draft.load()
