"""Ready tables of perturbations: what is read, and what is refused in one line that says where and what to do."""

import pandas as pd
import pytest

from scripts.base.job import UserError
from scripts.perturbations.tables import check_overlap, read_p, read_table


def write(path, text: str):
    path.write_text(text)
    return path


def test_genes_without_a_number_were_not_measured(tmp_path):
    found = read_table(
        write(tmp_path / "t.tsv", "gene\tother\tlog_fc\nA\tx\t1.5\nB\ty\t-2\nC\tz\tNA\nD\tz\t\n"), "log_fc", "p"
    )
    assert found.to_dict() == {"A": 1.5, "B": -2.0}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("symbol\tlog_fc\nA\t1\n", "row 1: has no column gene (it has symbol, log_fc); rename"),
        ("gene\tlfc\nA\t1\n", "row 1: has no column log_fc (it has gene, lfc); correct `column`"),
        ("gene;change\nA;1\n", "row 1: has no column log_fc"),
        ("gene\tlog_fc\n1\tA\t1.0\n2\tB\t-1\n", "row 2: 3 columns, the header has 2; correct it"),
        ("gene\tlog_fc\nA\t1\n\t2\n", "row 3, column gene: is empty"),
        ("gene\tlog_fc\nA\t1\nA\t-2\n", "row 3, column gene: 'A' occurs twice; keep one row"),
        ("gene\tlog_fc\nA\t1\nB\thigh\n", "row 3, column log_fc: 'high' is not a finite number; give log2"),
        ("gene\tlog_fc\nA\t1\nB\tinf\n", "row 3, column log_fc: 'inf' is not a finite number"),
        ("gene\tlog_fc\nA\t\n", "column log_fc: holds no number"),
        ("gene\tlog_fc\nA\t1.2\nB\t0.5\n", "column log_fc: no value is negative, as in ratios"),
        ("", "row 1: has no column gene (it has none)"),
    ],
)
def test_a_table_that_can_not_be_used_is_refused_in_one_line(tmp_path, text, said):
    with pytest.raises(UserError) as refused:
        read_table(write(tmp_path / "t.tsv", text), "log_fc", "FOSL1_gain")
    message = str(refused.value)
    assert said in message and "t.tsv" in message and "\n" not in message


def test_p_values_are_read_beside_and_what_is_none_is_refused(tmp_path):
    text = "gene\tlog_fc\tpadj\nA\t1\t0.02\nB\t-1\tNA\nC\t2\t{}\n"
    path = write(tmp_path / "t.tsv", text.format("1e-300"))
    assert read_p(path, "padj", "x").to_dict() == {"A": 0.02, "C": 1e-300}
    for value, column, said in (
        ("1.5", "padj", "column padj, gene C: 1.5 is not from 0 to 1; give p-values or false discovery rates"),
        ("-0.1", "padj", "gene C: -0.1 is not from 0 to 1"),
        ("low", "padj", "row 4, column padj: 'low' is not a finite number; give p-values"),
        ("0.1", "p", "row 1: has no column p (it has gene, log_fc, padj); correct `p_column` in the config"),
        ("0.1", "log_fc", "column log_fc, gene B: -1 is not from 0 to 1"),
    ):
        with pytest.raises(UserError) as refused:
            read_p(write(tmp_path / "t.tsv", text.format(value)), column, "x")
        assert said in str(refused.value) and "\n" not in str(refused.value)


def test_a_table_of_other_names_is_refused():
    genes = pd.Index([f"G{i}" for i in range(10)])
    check_overlap(pd.Series(1.0, index=genes[:3]), genes, "here")
    with pytest.raises(
        UserError, match=r"here: names 2 of the study's 10 genes, fewer than 30% \(ENSG1, G0, G1 … here"
    ):
        check_overlap(pd.Series(1.0, index=["ENSG1", "G0", "G1"]), genes, "here")
