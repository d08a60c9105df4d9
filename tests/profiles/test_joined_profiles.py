"""Profiles of all platforms come onto one table: names harmonised, converted ones refused, losses counted."""

from __future__ import annotations

import gzip
from types import SimpleNamespace

import anndata
import numpy as np
import pandas as pd
import pytest

from scripts.base import job
from scripts.profiles import genes, join_profiles, networks, profiles, tables
from scripts.stats import voom

SHEET = "samples.tsv"


def test_names_that_a_spreadsheet_spoilt_are_refused_with_their_row():
    for name in ("2-Sep", "1-Mar", "Mar-01", "Dec-2001", "2021-03-01", "01/09/2021", "42617", "2.31E+13"):
        with pytest.raises(job.UserError, match=rf"t\.csv, row 3: '{name.replace('+', '[+]')}' is not a gene"):
            genes.check_names(["TP53", name], "t.csv")
    genes.check_names(["SEPTIN2", "MARCHF1", "DEC1", "HLA-A", "MT-ND1", "7SK", "C9orf72", "MAR-1B", "OCT4"], "t.csv")


def test_identifiers_become_symbols_with_version_and_prefix():
    symbols = {"ENSG00000141510": "TP53", "ENSG00000170345": "FOS"}
    names = ["ENSG00000141510.18", "GRCh38_ENSG00000170345.9", "ENSG00000999999"]
    assert genes.to_symbols(names, symbols) == ["TP53", "FOS", ""]
    assert genes.to_symbols(names, {})[0] == "ENSG00000141510"
    assert genes.to_symbols(["TP53", "FOS"], symbols) == ["TP53", "FOS"]


def test_rows_of_one_gene_are_summed_or_the_strongest_kept():
    table = pd.DataFrame({"a": [1.0, 5.0, 3.0], "b": [2.0, 6.0, 9.0]}, index=["X", "Y", "X"])
    assert genes.merge_duplicates(table, counts=True).loc["X"].tolist() == [4.0, 11.0]
    assert genes.merge_duplicates(table, counts=False).loc["X"].tolist() == [3.0, 9.0]
    assert list(genes.merge_duplicates(table, counts=False).index) == ["X", "Y"]


@pytest.mark.parametrize(
    "kind", ["symbol last", "row names", "unnamed", "gzip semicolon", "windows", "separators at the end"]
)
def test_tables_are_read_wherever_the_genes_stand(tmp_path, kind):
    text = {
        "symbol last": 's1,s2,"Symbol"\n1,2,"A"\n3,4," B "\n',
        "row names": '"s1"\t"s2"\n"A"\t1\t2\n"B"\t3\t4\n',
        "unnamed": ",s1,s2\nA,1,2\nB,3,4\n",
        "gzip semicolon": "id;gene_name;s1;s2\nENSG1;A;1;2\nENSG2;B;3;4\n",
        "separators at the end": "symbol,s1,s2,,\nA,1,2,,\nB,3,4,,\n",
        "windows": "\ufeffsymbol\ts1\ts2\r\nA\t1\t2\r\nB\t3\t4\r\n",
    }[kind]
    path = tmp_path / "table.txt"
    path.write_bytes(gzip.compress(text.encode()) if kind.startswith("gzip") else text.encode())
    names, values = tables.read_profiles(str(path), ["s2", "s1"], SHEET)
    assert names == ["A", "B"] and values.to_numpy().tolist() == [[2.0, 1.0], [4.0, 3.0]]


@pytest.mark.parametrize(
    ("text", "columns", "words"),
    [
        ("symbol\ts1\nA\t1\n", ["s1x"], r"samples\.tsv, column column: .* has no column 's1x'; did you mean 's1'"),
        ("symbol\ts1\nA\tNA\n", ["s1"], r"row 2 \(A\), column s1: 'NA' is not a number"),
        ("entrez\ts1\n7157\t1\n", ["s1"], "no column names the genes"),
        ("", ["s1"], "not a text table"),
        ('symbol\t"s1\nA\t1\n"\n', ["s1"], "a quotation mark in the first line isn't closed in it"),
        ("\t\ts1\nA\tB\t1\n", ["s1"], "several columns have no name; give each its own"),
        ("symbol\ts1\ts1 \nA\t1\t2\n", ["s1"], "'s1' is the name of several columns"),
    ],
)
def test_bad_tables_are_told_in_one_line(tmp_path, text, columns, words):
    path = tmp_path / "t.tsv"
    path.write_text(text)
    with pytest.raises(job.UserError, match=words):
        tables.read_profiles(str(path), columns, SHEET)


def test_platform_is_told_by_numbers_and_log_intensities_are_taken_back():
    assert tables.platform_of(np.array([[1.0, 20.0]])) == "bulk"
    assert tables.platform_of(np.array([[1.5, 20.0]])) == "array"
    logs = pd.DataFrame({"a": [3.0, 12.5]})
    np.testing.assert_allclose(tables.linear_scale(logs, "array", "t")["a"], [8.0, 2**12.5])
    with pytest.raises(job.UserError, match="column a: negative numbers"):
        tables.linear_scale(pd.DataFrame({"a": [-1.0, 200.0]}), "array", "t")


def two_sources() -> tuple[list[profiles.Source], pd.DataFrame]:
    rng = np.random.default_rng(5)
    one = pd.DataFrame(rng.poisson(100, (40, 4)) + 1.0, [f"g{i}" for i in range(40)], ["a1", "a2", "b1", "b2"])
    other = pd.DataFrame(rng.poisson(300, (30, 2)) + 1.0, [f"g{i}" for i in range(10, 40)], ["c1", "c2"])
    sources = [profiles.Source("one", "bulk", one, 40), profiles.Source("other", "array", other, 30)]
    samples = pd.DataFrame(
        {"model": list("AABBCC"), "timepoint": ["untreated", "persister"] * 3, "arm": ["untreated", "drug"] * 3},
        index=["a1", "a2", "b1", "b2", "c1", "c2"],
    )
    samples = samples.assign(replicate="1", platform=["bulk"] * 4 + ["array"] * 2, n_cells=np.nan)
    return sources, samples


@pytest.mark.parametrize("rule", ["intersection", "union"])
def test_genes_that_a_platform_lacks_are_lost_or_kept_by_the_rule(rule, simulated):
    sources, samples = two_sources()
    data, lost = profiles.build(sources, samples, rule=rule, min_count=0, by_platform=False)
    lost = lost.set_index("source")
    if rule == "intersection":
        assert data.values.shape == (6, 30) and data.values.notna().all().all()
        assert lost.loc["one", ["genes", "lost_elsewhere", "kept"]].tolist() == [40, 10, 30]
        assert set(lost.loc["one", "examples"].split(",")) <= {f"g{i}" for i in range(10)}
    else:
        assert data.values.shape == (6, 40) and data.values.loc["c1", "g0":"g9"].isna().all()
        assert lost.loc["one", "lost_elsewhere"] == 0
        # Sizes come from the genes that all have: the same as by intersection.
        same, _ = profiles.build(sources, samples, rule="intersection", min_count=0, by_platform=False)
        np.testing.assert_allclose(data.size, same.size)


def test_tables_without_a_common_gene_are_refused():
    sources, samples = two_sources()
    sources[1] = profiles.Source("other", "array", sources[1].table.rename(lambda gene: gene.upper()), 30)
    with pytest.raises(job.UserError, match="no gene occurs in all tables"):
        profiles.build(sources, samples, rule="union", min_count=0, by_platform=False)


def test_a_gene_needs_enough_samples_that_show_it():
    groups = pd.Series(["u"] * 3 + ["p"] * 3)
    size = np.full(6, 1e6)
    counts = np.array([[20, 20, 20, 0, 0, 0], [20, 20, 0, 0, 0, 0], [3] * 6, [1000, 0, 0, 0, 0, 0]], dtype=float).T
    assert voom.expressed(counts, size, groups, 10).tolist() == [True, False, False, False]
    assert voom.expressed(counts, size, groups, 0).all()


def test_the_job_joins_libraries_bulk_and_arrays(tmp_path):
    rng = np.random.default_rng(2)
    names = [f"G{i}" for i in range(60)]
    cells = anndata.AnnData(
        np.zeros((2, 60), "float32"), obs=pd.DataFrame(index=["a_u", "a_p"]), var=pd.DataFrame(index=names)
    )
    cells.layers["counts"] = rng.poisson(50, (2, 60))
    cells.var["everywhere"], cells.var["gene_id"] = True, [f"GRCh38_ENSG{i:011d}" for i in range(60)]
    cells.obs["n_cells"] = [80, 90]
    cells.write_h5ad(tmp_path / "pseudobulk.h5ad")
    bulk = pd.DataFrame(rng.poisson(200, (60, 2)), [f"ENSG{i:011d}.3" for i in range(60)], ["x1", "x2"])
    bulk.to_csv(tmp_path / "bulk.csv")
    pd.DataFrame(rng.uniform(4, 14, (60, 2)), names, ["y1", "y2"]).to_csv(tmp_path / "array.tsv", sep="\t")
    rows = []
    for model, assay, matrix, columns in (("a", "scrna", "", ("", "")), ("b", "profile", "bulk.csv", ("x1", "x2")),
                                          ("c", "profile", "array.tsv", ("y1", "y2"))):  # fmt: skip
        for timepoint, column in zip(("untreated", "persister"), columns, strict=True):
            rows.append(
                {"sample": f"{model}_{timepoint[0]}", "model": model, "timepoint": timepoint, "arm": timepoint}
                | {"replicate": "1", "assay": assay, "column": column, "platform": ""}
                | {"matrix": str(tmp_path / matrix) if matrix else ""}
            )
    params = {"samples": rows, "sheet": SHEET, "genes": "intersection", "min_count": 0, "platforms": "together"}
    out = {"profiles": tmp_path / "p.h5ad", "losses": tmp_path / "l.tsv"}
    join_profiles.main(
        SimpleNamespace(
            input=SimpleNamespace(pseudobulk=tmp_path / "pseudobulk.h5ad"),
            output=SimpleNamespace(**out), params=SimpleNamespace(**params),
        )
    )  # fmt: skip
    data = profiles.read(out["profiles"])
    assert list(data.values.columns) == names
    assert data.samples["platform"].to_dict() == {"a_u": "single-cell", "a_p": "single-cell", "b_u": "bulk",
                                                  "b_p": "bulk", "c_u": "array", "c_p": "array"}  # fmt: skip
    assert data.samples["n_cells"].tolist()[:2] == [80, 90]
    np.testing.assert_array_equal(data.counts.loc["b_u"], bulk["x1"])
    stored = anndata.read_h5ad(out["profiles"])
    np.testing.assert_allclose(stored.X, data.values, rtol=1e-6)
    assert pd.read_csv(out["losses"], sep="\t")["platform_from"].tolist() == ["sheet", "values", "values"]


def test_networks_and_sets_are_read_in_the_forms_they_are_shared_in(tmp_path, caplog):
    (tmp_path / "n.csv").write_text('"source","target","mor"\n"A","x",1\n"A","x",-1\n"A","y",1\n"B","x",-1\n')
    edges = networks.read_network(str(tmp_path / "n.csv"))
    assert edges.to_numpy().tolist() == [["A", "y", 1.0], ["B", "x", -1.0]]
    (tmp_path / "s.gmt").write_text("ONE\tabout\tx\ty\nTWO\tabout\tz\n")
    assert networks.read_sets(str(tmp_path / "s.gmt")) == {"ONE": ["x", "y"], "TWO": ["z"]}
    (tmp_path / "m.txt").write_text("gs_name\tgene\tspecies\nUP\t42617\thuman\nUP\tx\thuman\nDOWN\ty\thuman\n")
    with caplog.at_level("WARNING"):
        assert networks.read_sets(str(tmp_path / "m.txt")) == {"UP": ["x"], "DOWN": ["y"]}
    assert "1 names are dates or numbers, left out (42617)" in caplog.text
    (tmp_path / "d.tsv").write_text("set\tgene\tdirection\tpaper\nA\tx\tup\tp\nA\ty\tDown\tp\n")
    assert networks.read_sets(str(tmp_path / "d.tsv")) == {"A_up": ["x"], "A_down": ["y"]}
    (tmp_path / "e.tsv").write_text("set\tgene\tdirection\nA\tx\tsideways\n")
    with pytest.raises(job.UserError, match="row 2, column direction: give up or down"):
        networks.read_sets(str(tmp_path / "e.tsv"))
    (tmp_path / "up.txt").write_text("x\ny\n")
    assert networks.read_sets(str(tmp_path / "up.txt")) == {"up": ["x", "y"]}
    (tmp_path / "bad.csv").write_text("source,target,mor\nA,x,up\n")
    with pytest.raises(job.UserError, match="row 2, column mor: 'up' is not a number"):
        networks.read_network(str(tmp_path / "bad.csv"))
