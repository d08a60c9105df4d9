"""The whole page, made of made-up results, in a real browser: jumps, search, tables, folds and print."""

import pytest
import vl_convert
from browser import CHROMIUM, WIDTHS, opened, shared
from made_up import ROOT, Results, draw_stages
from made_up_evidence import designs, everything

from scripts.figure import export
from scripts.report import make_report, page

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium isn't installed (Debian: apt-get install chromium)"),
]
STAGES = (
    *("design", "expression", "activity", "perturbations", "chromatin", "switches", "published", "growth", "markers"),
    *("confounders", "stroma"),
)


@pytest.fixture(scope="module", autouse=True)
def browser():
    """Have one browser for all tests of this file; each opens the page anew."""
    with shared():
        yield


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """Return the page of made-up results, in a folder ``report`` of theirs."""
    folder = tmp_path_factory.mktemp("made_up")
    source = draw_stages(Results(folder, tables=everything() | designs()).write(), *STAGES)
    sections = make_report.build_sections(source)
    (folder / "report").mkdir()
    path = folder / "report" / "report.html"
    path.write_text(
        page.render(
            sections,
            title="A <made-up> study",
            models=dict.fromkeys(source.models, "#332288"),
            templates=ROOT / "resources" / "report",
            bundle=vl_convert.javascript_bundle(vl_version=export.VEGALITE),
            config=export.CONFIG,
            paths=source.files,
        )
    )
    return path


@pytest.fixture(params=WIDTHS, ids=lambda width: f"{width}px")
def fresh(report, request):
    """Return the page as it is at first."""
    with opened(report, request.param, unfolded=False) as found:
        yield found


def hashes(found, selector: str) -> list[str]:
    """Return where links lead."""
    return found.page.evaluate(f"[...document.querySelectorAll('{selector}')].map((link) => link.hash.slice(1))")


def test_it_answers_first_and_is_short_while_folded(fresh):
    assert fresh.errors == [] and fresh.beyond() == []
    assert fresh.page.title() == "A <made-up> study: report of persister-regulons"
    assert fresh.page.locator("h1").inner_text() == "A <made-up> study"
    assert fresh.page.locator(".claim").bounding_box()["y"] < 900
    assert fresh.page.evaluate("document.documentElement.scrollHeight") <= 12_000
    assert fresh.page.locator("details.fold[open]").count() == 0


def test_an_unfolded_section_stays_short(report):
    """Its tables stay folded until they are wanted: by a click, or by a link that leads to them."""
    with opened(report, 1280, unfolded=False) as found:
        for name in hashes(found, "nav a"):
            section = found.page.locator(f"#{name}")
            for fold in section.locator(":scope > details.fold > summary").all():
                fold.click()
            found.wait()
            assert section.bounding_box()["height"] <= 6_000, name
        rows = found.page.locator("details.fold details.fold")
        assert rows.count() > 5 and found.page.locator("details.fold details.fold[open]").count() == 0
        found.page.locator('#switches .contents a[href="#table-switches"]').click()
        found.wait()
        assert found.page.locator('[data-table="switches"]').is_visible()


def test_every_entry_lands_on_a_page_just_opened(fresh, report):
    names = hashes(fresh, "nav a")
    assert names[0] == "findings" and len(names) >= 10
    for name in names:
        fresh.open(report)
        fresh.page.locator(f'nav a[href="#{name}"]').click()
        fresh.wait()
        assert 0 <= fresh.off(name) <= 24, name


def test_every_figure_and_table_is_reached_from_the_top_of_its_section(fresh):
    names = hashes(fresh, ".contents a")
    assert {"regulon_forest", "table-switches", "table-confounder_table"} <= set(names)
    for name in names:
        fresh.page.locator('[data-unfold="no"]').click()
        fresh.page.locator(f'.contents a[href="#{name}"]').click()
        fresh.wait()
        assert 0 <= fresh.off(name) <= 24, name


def test_room_is_kept_for_charts_before_they_are_drawn(fresh):
    """The heights of all charts before and after drawing differ by a few pixels at most."""
    charts = "[...document.querySelectorAll('.chart')]"
    before = fresh.page.evaluate(f"{charts}.map((chart) => parseFloat(getComputedStyle(chart).minHeight))")
    names = fresh.page.evaluate(f"{charts}.map((chart) => chart.dataset.figure)")
    fresh.unfold()
    after = fresh.page.evaluate(f"{charts}.map((chart) => chart.getBoundingClientRect().height)")
    assert len(before) > 20 and min(before) > 40
    assert [pair for pair in zip(names, before, after, strict=True) if abs(pair[1] - pair[2]) > 12] == []


def test_a_factor_is_found_wherever_it_appears(fresh):
    fresh.page.locator("#find").fill("fosl1")
    places = hashes(fresh, "#found a")
    assert {"table-shared_switches", "table-switches", "table-ap1", "regulon_forest", "table-networks"} <= set(places)
    assert "marker_panels" not in places
    fresh.page.locator('#found a[href="#table-switches"]').click()
    fresh.wait()
    assert 0 <= fresh.off("table-switches") <= 24
    assert fresh.column("switches", "regulon") == ["FOSL1(+)"]
    assert not fresh.page.locator("#found").is_visible()
    fresh.page.locator("#find").fill("nosuchgene")
    assert "in no table or figure" in fresh.page.locator("#found").inner_text()


def test_links_within_the_page_and_to_results_lead_somewhere(fresh, report):
    assert [name for name in hashes(fresh, 'a[href^="#"]') if fresh.page.locator(f'[id="{name}"]').count() != 1] == []
    files = fresh.page.evaluate(
        """[...document.querySelectorAll('a[href^="../"]')].map((a) => a.getAttribute("href"))"""
    )
    assert "../switches/switches.tsv" in files
    assert [path for path in files if not (report.parent / path).exists()] == []


def test_tables_have_eight_columns_and_a_first_one_that_stays(fresh):
    fresh.unfold()
    shown = fresh.page.evaluate(
        """() => [...document.querySelectorAll("table[data-table]")].map((table) => [table.dataset.table,
             [...table.tHead.rows[0].cells].filter((cell) => cell.getBoundingClientRect().width > 0).length])"""
    )
    assert len(shown) > 10 and [name for name, columns in shown if columns > 8] == []
    fresh.page.locator('[data-wide="switches"]').click()
    moved = fresh.page.evaluate(
        """() => {
          const table = document.querySelector('[data-table="switches"]');
          const scroll = table.closest(".scroll");
          scroll.scrollLeft = 400;
          const first = table.tBodies[0].rows[0].cells[0].getBoundingClientRect();
          const left = scroll.getBoundingClientRect().left;
          return [scroll.scrollLeft, first.left - left, scroll.clientWidth - first.width];
        }"""
    )
    assert moved[0] > 100 and abs(moved[1]) <= 2 and moved[2] > 150


def test_remarks_stand_below_their_rows_and_go_with_them(fresh):
    """Sorted and searched together; in a line as wide as the window, not in a column one word wide."""
    fresh.unfold()
    pairs = """() => [...document.querySelectorAll('[data-table="confounder_table"] tr.remark')].map((row) =>
      [row.previousElementSibling.dataset.i === row.dataset.to, row.hidden === row.previousElementSibling.hidden,
       row.hidden || row.getBoundingClientRect().height < 80])"""
    for action in (None, '[data-table="confounder_table"] [data-sort="effect_after"]'):
        if action:
            fresh.page.locator(action).click()
        found = fresh.page.evaluate(pairs)
        assert len(found) == 3 and all(all(pair) for pair in found)
    fresh.page.locator('[data-search="confounder_table"]').fill("inferable")
    assert fresh.column("confounder_table", "confounder") == ["CNV clone"]
    assert all(all(pair) for pair in fresh.page.evaluate(pairs))


def test_captions_begin_with_two_sentences(fresh):
    fresh.unfold()
    longest = fresh.page.evaluate(
        """() => Math.max(...[...document.querySelectorAll("figcaption > p:first-child")]
             .map((p) => p.textContent.length))"""
    )
    assert longest < 700 and fresh.page.locator("figcaption details.rest").count() > 10


def test_print_shows_everything_and_no_buttons(fresh):
    fresh.page.evaluate("() => { window.print = () => { document.body.dataset.printed = 'yes'; }; }")
    fresh.page.locator("[data-print]").click()
    fresh.page.wait_for_function("document.body.dataset.printed === 'yes'", timeout=120_000)
    fresh.page.emulate_media(media="print")
    assert fresh.page.locator("details:not([open])").count() == 0
    assert fresh.page.locator(".chart:not([data-drawn=yes])").count() == 0
    for name in ("nav", ".find", ".tools", ".downloads"):
        assert not fresh.page.locator(name).first.is_visible(), name
