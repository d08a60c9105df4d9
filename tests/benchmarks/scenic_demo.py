"""What each importance and join finds of the regulons that are planted in the demo (make demo first)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import scenic_choice
import scenic_joins
import yaml
from scenic_data import ROOT, Dataset

from scripts.regulons import consensus, mean_network, null
from scripts.scenic import cistarget, exchange, grnboost, motif_table
from scripts.scenic.modules import modules_from_adjacencies

DEMO = ROOT / "results" / "demo"
MAX_FALSE_SHARE = 0.1
MIN_MODULE_GENES = 20


class Study:
    """The demo's cells by group, its database, its settings, and what is planted."""

    def __init__(self):
        """Read what the demo has made."""
        import anndata

        self.settings = yaml.safe_load((ROOT / "config" / "demo" / "config.yaml").read_text())["regulons"]
        self.groups = {}
        for path in sorted((DEMO / "regulons").glob("*/expression.h5ad")):
            cells = anndata.read_h5ad(path)
            self.groups[path.parent.name] = Dataset(cells.X, cells.var_names, cells.var_names[cells.var["tf"]])
        self.path = DEMO / "simulated" / "databases"
        self.annotations = motif_table.load_annotations(self.path / "motifs.tbl")
        self.families = null.read_families(str(ROOT / "resources" / "factors" / "families.tsv"))
        planted = pd.read_csv(DEMO / "truth" / "regulons.tsv", sep="\t", keep_default_na=False)
        self.true = set(zip(planted["tf"], planted["target"], strict=True))
        self.planted = {tf for tf, _ in self.true}

    def prune(self, network: pd.DataFrame, data: Dataset, leading_edge: str = "motif") -> tuple:
        """Return a network's regulons, its candidates (:func:`scripts.scenic.exchange.find_candidates`) and its
        modules' edges.
        """
        path = next(self.path.glob("*.rankings.feather"))
        databases = [cistarget.Database.load(path, data.genes, min_overlap=0.0)]
        modules = modules_from_adjacencies(network, data.expression, data.genes, min_genes=MIN_MODULE_GENES)
        limits = {name: self.settings[name] for name in ("rank_threshold", "auc_threshold")}
        motifs = cistarget.prune(modules, databases, self.annotations, leading_edge=leading_edge, **limits)
        found = cistarget.regulons_from_motifs(motifs, min_targets=self.settings["min_targets"])
        candidates = exchange.find_candidates(modules, databases, self.annotations, **limits)
        return found, candidates, mean_network.edges_of(modules)

    def join(self, networks: list[pd.DataFrame], data: Dataset, how: str) -> pd.DataFrame:
        """Return a group's edges, as the stage regulons joins its seeds."""
        limits = {"min_runs": self.settings["min_seeds"], "min_targets": self.settings["min_targets"]}
        runs = [self.prune(network, data) for network in networks]
        if how == "mean network":
            seeds = pd.concat([edges for _, _, edges in runs]).groupby(["TF", "target"]).size().rename("seeds")
            found, candidates, _ = self.prune(mean_network.average(networks), data)
            agreed = consensus.of_mean_network(found, seeds.reset_index(), **limits)
            tested, least = [null.only_stable(candidates, seeds.reset_index(), limits["min_runs"])], 1
        else:
            agreed = consensus.agree([found for found, _, _ in runs], **limits)
            tested, least = [candidates for _, candidates, _ in runs], limits["min_runs"]
        judged = null.judge_group(
            tested, self.annotations, data.tfs, self.families, min_runs=least, min_targets=limits["min_targets"],
            max_false_share=MAX_FALSE_SHARE, repressors=False,
        )  # fmt: skip
        return null.drop(agreed, judged)

    def judge(self, edges: pd.DataFrame) -> dict[str, float]:
        """Return planted regulons found, and of their edges (without the factors themselves) those that are right, and
        the share of the planted edges that they have.
        """
        own = edges[edges["tf"].isin(self.planted) & (edges["tf"] != edges["target"])]
        pairs = set(zip(own["tf"], own["target"], strict=True))
        right = len(pairs & self.true)
        return {"planted": own["tf"].nunique(), "right": right / max(len(pairs), 1), "found": right / len(self.true)}


def measure_demo(folder: Path | None = None, say=print) -> dict:
    """Return flat keys by importance and join, and print them as a table; what pySCENIC's leading edge has right, too.

    Networks are kept in ``folder``; nothing is written into the demo's results.
    """
    if not (DEMO / "regulons").is_dir():
        say("demo: no results of the demo (make demo)")
        return {}
    study = Study()
    rows, edge_rows = [], []
    networks = {
        name: scenic_joins.infer_all(data, study.settings["seeds"], folder / name if folder else None)
        for name, data in study.groups.items()
    }
    models = {name: name for name in study.groups}
    for importance in grnboost.IMPORTANCES:
        for how in ("edges", "mean network"):
            groups = {name: study.join(networks[name][importance], study.groups[name], how) for name in study.groups}
            limits = {name: study.settings[name] for name in ("min_groups", "min_targets")}
            row = {"importance": importance, "join": how}
            row |= study.judge(consensus.consensus_over_models(groups, models, **limits))
            row["fewest_in_a_group"] = min(study.judge(table)["planted"] for table in groups.values())
            rows.append(row)
        for kind in ("motif", "pyscenic"):
            own = [study.prune(networks[name][importance][0], data, kind)[0] for name, data in study.groups.items()]
            right = [study.judge(table)["right"] for table in own]
            edge_rows.append((importance, kind, min(right), max(right)))
    table = pd.DataFrame(rows).set_index(["importance", "join"])
    say(f"demo: {len(study.planted)} planted regulons\n" + scenic_choice.format_table(table))
    edges = pd.DataFrame(edge_rows, columns=["importance", "leading edge of", "least right", "most right"])
    say("demo: targets right in one seed's regulons, by group\n" + edges.to_string(index=False))
    return flat(table) | {
        f"demo_right_{row[0]}_{row[1]}_{which}".replace(" ", "_"): value
        for row in edge_rows for which, value in zip(("least", "most"), row[2:], strict=True)
    }  # fmt: skip


def flat(table: pd.DataFrame) -> Mapping[str, float]:
    """Return the table's numbers by flat keys."""
    return {
        f"demo_{column}_{'_'.join(key)}".replace(" ", "_"): float(value)
        for key, row in table.iterrows() for column, value in row.items()
    }  # fmt: skip
