"""Findings, the first section of the page: what the study may claim, its switches and markers, and warnings.

Every sentence is chosen by results and filled in from them; the sentences are in ``resources/report/findings.yaml``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup

from scripts.base.tables import ALL_ARMS
from scripts.base.verdicts import MIN_MODELS, Verdict
from scripts.chromatin.verdicts import NO_PEAKS
from scripts.chromatin.verdicts import VERDICTS as OF_PEAKS
from scripts.figure import words
from scripts.figure.style import count, listed
from scripts.published.verdicts import NOT_JUDGED, PLACES
from scripts.report.checks import CHECKS, Given
from scripts.report.growth import tell_growth
from scripts.report.page import Section, Table
from scripts.report.panels import GENES, tell_panels
from scripts.report.source import Source
from scripts.report.text import bullets, heading, of_p, paragraph
from scripts.stroma.verdicts import FALLS, RISES
from scripts.switches.verdicts import MIN_PERTURBED, SHARED

FOLDER = Path(__file__).parents[2] / "resources" / "report"
SHOWN = 10
"""Switches of a direction that are named."""
SWITCHES = "switches/switches.tsv"
SUPPORT = "chromatin/support.tsv"
TESTED, JUDGED = "perturbations/factors.tsv", "switches/perturbation_judged.tsv"
PUBLISHED = "published/signatures.tsv"
STROMA = "stroma/changes.tsv"
VERDICT, LEVELS = "confounders/programme_verdict.tsv", "expression/expression_design.tsv"


def main_row(table: pd.DataFrame | None, contrast: str) -> pd.Series | None:
    """Return the row of the comparison over all arms; None if there is none."""
    if table is None or not len(table):
        return None
    rows = table[(table["contrast"] == contrast) & (table["arm"] == ALL_ARMS)]
    return rows.iloc[0] if len(rows) else None


def claim(verdicts: pd.DataFrame | None, compared: int, said: Mapping[str, str], places: Mapping[str, Any]) -> str:
    """Return what may be claimed about the programme: a sentence by the verdict (confounders/programme_verdict.tsv).

    ``compared``: number of models with both timepoints; the verdict's own n is of models that could be left out.
    """
    if verdicts is None or not len(verdicts):
        return words.fill(said["not_asked" if verdicts is None else "not_compared"], places)
    row = verdicts.iloc[0]
    n = int(row["n_models"])
    remaining = "" if pd.isna(row["remaining"]) else row["remaining"]
    measured = [part.rsplit(" ", 1)[0] for part in remaining.split("; ") if part]
    values = {
        "verdict": row["verdict"],
        "n": n,
        "models": count(max(n, compared), "model"),
        "k": 0 if pd.isna(row["models_agreeing"]) else int(row["models_agreeing"]),
        "effect": f"{row['signature_effect']:.2f}",
        "p": of_p(row["p"]),
        "measured": listed(measured),
        "note": "" if pd.isna(row["note"]) else row["note"],
    }
    return words.fill(said.get(row["verdict"], said["other"]), {**places, **values})


def levels(row: pd.Series | None, said: Mapping[str, str], places: Mapping[str, Any]) -> str:
    """Return how many genes change over models and in these tumours (row of expression/expression_design.tsv)."""
    if row is None or pd.isna(row["genes"]):
        return words.fill(said["none"], places)
    # Fewer models than a shared change needs have no changes over models, though the table may say 0.
    over = pd.notna(row["changed"]) and row["n_models"] >= MIN_MODELS
    # Without replicates there is no p-value, and a number of genes would say that none changes.
    inside = pd.notna(row["voom_changed"]) and row["residual_df"] > 0
    kind = {(True, True): "both", (False, True): "tumours", (True, False): "models"}.get((over, inside), "none")
    values = {
        "changed": f"{row['changed']:,.0f}",
        "voom_changed": f"{row['voom_changed']:,.0f}",
        "genes": f"{row['genes']:,.0f}",
        "n": int(row["n_models"]),
        "models": count(int(row["n_models"]), "model"),
    }
    return words.fill(said[kind], {**places, **values})


def limits(given: Given, said: Mapping[str, str]) -> str:
    """Return what the comparison can't show."""
    row, arms = given.design, given.arms
    if row is None or not row["n_models"] or not arms:
        return words.fill(said["nothing"], given.places)
    what = "expression" if given.activity is None else "activity"
    values = {"what": what, "models": count(int(row["n_models"]), "model"), "arms": listed(arms)}
    kind = "one_arm" if len(arms) == 1 else "confounded" if row["confounded"] == "yes" else "arms"
    return words.fill(said[kind], {**given.places, **values})


def shared_of(switches: pd.DataFrame) -> pd.DataFrame:
    """Return the shared switches: those up, then those down, the best first."""
    own = switches[switches["verdict"] == SHARED.name]
    return pd.concat([own[own["direction"] == way] for way in ("up", "down")])


def tell_tested(source: Source, said: Mapping[str, Any], places: Mapping[str, Any]) -> list[Markup]:
    """Return what perturbations show of each factor (perturbations/factors.tsv), and of silencing in silico
    (switches/perturbation_judged.tsv); nothing without perturbations.
    """
    factors = source.table(TESTED)
    if factors is None or not len(factors):
        return []
    groups = factors.groupby("tested", sort=False)["tf"]
    told = listed([f"{listed(own)} {verdict}" for verdict, own in groups])
    sentences, judged = [words.fill(said["switches"]["tested"], {**places, "factors": told})], source.table(JUDGED)
    if judged is not None and len(judged):
        row = judged.iloc[0]
        values = {"number": count(int(row["n_factors"]), "factor"), "p": of_p(row["p"]), "least": MIN_PERTURBED}
        sentences.append(words.fill(said["simulation"][row["verdict"]], {**places, **values}))
    return [paragraph(" ".join(map(str.strip, sentences)))]


def tell_switches(source: Source, said: Mapping[str, Any], places: Mapping[str, Any]) -> list[Markup | Table]:
    """Return how many shared switches there are, and which."""
    switches, sentences = source.table(SWITCHES), said["switches"]
    if switches is None or not len(switches):
        kind = "not_asked" if switches is None else "not_compared"
        return [paragraph(words.fill(sentences[kind], places))]
    shared, of = shared_of(switches), count(len(switches), source.one)
    if not len(shared):
        verdicts = "; ".join(f"{name} ({n})" for name, n in switches["verdict"].value_counts().items())
        return [paragraph(words.fill(sentences["none"], {**places, "of": of, "verdicts": verdicts}))]
    number = f"{len(shared)} shared switch{'es' * (len(shared) > 1)}"
    n = {way: int((shared["direction"] == way).sum()) for way in ("up", "down")}
    entry = said["tables"]["shared_switches"]
    table = Table(
        "shared_switches",
        entry["title"],
        words.fill(entry["caption"], {**places, "limit": SHOWN}),
        pd.concat([shared[shared["direction"] == way].head(SHOWN) for way in n])[entry["shown"]],
        SWITCHES,
        meaning=source.meanings(SWITCHES),
    )
    return [paragraph(words.fill(sentences["some"], {**places, "number": number, "of": of, **n})), table]


def by_verdict(table: pd.DataFrame, names: str, verdicts: Iterable[Verdict]) -> str:
    """Return the verdicts that occur in a table, each with the first rows that have it; ``names``: column of names."""
    told = []
    for verdict in verdicts:
        own = table.loc[table["verdict"] == verdict.name, names]
        if len(own):
            rest = f" and {len(own) - GENES} more" if len(own) > GENES else ""
            told.append(f"{verdict.name} {', '.join(own.head(GENES))}{rest}")
    return "; ".join(told)


def tell_peaks(source: Source, said: Mapping[str, str]) -> list[Markup]:
    """Return what peaks of factors say of their regulons; nothing in a study without peaks."""
    support = source.table(SUPPORT)
    if support is None or (support["verdict"] == NO_PEAKS.name).all():
        return []
    told = by_verdict(support, "regulon", (verdict for verdict in OF_PEAKS if verdict is not NO_PEAKS))
    return [paragraph(words.fill(said["told"], {"verdicts": told}))]


def tell_published(source: Source, said: Mapping[str, str]) -> list[Markup]:
    """Return which published signatures agree with the study; nothing where none could be judged."""
    table = source.table(PUBLISHED)
    if table is None or (table["verdict"] == NOT_JUDGED.name).all():
        return []
    return [paragraph(words.fill(said["told"], {"verdicts": by_verdict(table, "signature", PLACES)}))]


def tell_stroma(source: Source, said: Mapping[str, str], places: Mapping[str, Any], contrast: str) -> list[Markup]:
    """Return which lineages of the stroma change in persisters over models; nothing where none could be compared."""
    changes = source.table(STROMA)
    if changes is None or not len(changes):
        return []
    main = changes[(changes["contrast"] == contrast) & (changes["n_models"] >= MIN_MODELS)]
    if not len(main):
        return []
    told = []
    for verdict in (RISES, FALLS):
        own = main.loc[main["verdict"] == verdict.name, "lineage"]
        told += [f"{name} {verdict.name}" for name in own]
    n = {"models": count(int(main["n_models"].max()), "model"), "of": count(len(main), "lineage")}
    values = {**places, **n, "lineages": listed(told), "reference": main["reference"].iloc[0]}
    return [paragraph(words.fill(said["some" if told else "none"], values))]


def tell_checks(given: Given, said: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Return the warnings; and which checks gave none, and which could not be made."""
    config, warned, fine, not_made = given.source.config, [], [], []
    if config["demo"]:
        warned.append(words.fill(said["demo"], given.places))
    if note := config["regulons"]["synthetic_data_note"]:
        warned.append(words.fill(said["databases"], {**given.places, "note": note}))
    for name, check in CHECKS.items():
        values = check(given)
        if values:
            sentence = said[name][values.get("sentence", "warning")]
            warned.append(words.fill(sentence, {**given.places, **values}))
        else:
            (not_made if values is None else fine).append(said[name]["name"])
    names = (("none", fine), ("not_measured", not_made))
    return warned, [words.fill(said[key], {"names": listed(own)}) for key, own in names if own]


def build(source: Source) -> Section:
    """Return the section."""
    said = words.read("findings", FOLDER)
    places = words.terms(source.config, cells=bool(len(source.libraries)))
    places |= {"fdr": source.config["statistics"]["fdr"]}
    contrast = f"{places['persister']} vs {places['baseline']}"
    expression, activity = source.table(LEVELS), source.table("activity/design.tsv")
    given = Given(source, places, contrast, main_row(activity, contrast), main_row(expression, contrast))
    compared = 0 if given.design is None else int(given.design["n_models"])
    sentences = [
        claim(source.table(VERDICT), compared, said["claims"], places),
        levels(given.expression, said["levels"], places),
        limits(given, said["limits"]),
    ]
    titles, (warned, others) = said["titles"], tell_checks(given, said["checks"])
    blocks = [
        Markup('<div class="claim">{}</div>').format(paragraph(" ".join(map(str.strip, sentences)))),
        heading(titles["switches"]),
        *tell_switches(source, said, places),
        *tell_peaks(source, said["peaks"]),
        *tell_tested(source, said, places),
        *tell_published(source, said["published"]),
        *tell_growth(source, said["growth"], places),
        *tell_stroma(source, said["stroma"], places, contrast),
        heading(titles["panel"]),
        bullets(tell_panels(source, said["panel"], places)),
        heading(titles["checks"]),
        *([bullets([text.strip() for text in warned], "warnings")] if warned else []),
        paragraph(" ".join(others)),
        heading(titles["reading"]),
        paragraph(words.fill(said["reading"], places)),
    ]
    lead = words.fill(said["section"]["lead"], places).strip()
    return Section("findings", said["section"]["title"], lead, tuple(blocks), folded=False)
