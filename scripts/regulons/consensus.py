"""Consensus of several runs: edges shared first by the seeds of a group, then by the groups of enough models."""

from __future__ import annotations

import pandas as pd

RUN = ["regulon", "tf", "target", "weight"]
SEEDS = [*RUN, "seeds"]
GROUPS = [*RUN, "seeds", "groups"]
SUMMARY = ["regulon", "tf", "targets", "groups", "runs", "run_share", "group_share", "strongest", "all_targets"]
STRONGEST = 12
"""Targets of a regulon that its summary names apart."""
SUPPORT = ["regulon", "tf", "group", "edges", "targets", "p", "false_share"]

KEPT, DROPPED, NOT_TESTED = "kept", "dropped", "not tested"
STATUS = (KEPT, DROPPED, NOT_TESTED)
"""What becomes of a group's regulon by exchanged motifs; those that can't be tested are kept."""


def agree(runs: list[pd.DataFrame], *, min_runs: int, min_targets: int) -> pd.DataFrame:
    """Return the edges (:data:`SEEDS`) that at least ``min_runs`` of the runs have, in regulons of ``min_targets`` or
    more.

    ``seeds`` counts the runs of an edge, ``weight`` is its mean weight in them.
    """
    edges = pd.concat([run[RUN] for run in runs], ignore_index=True)
    table = edges.groupby(RUN[:3], sort=True)["weight"].agg(["mean", "size"]).reset_index().set_axis(SEEDS, axis=1)
    return only_large(table[table["seeds"] >= min_runs], min_targets)


def of_mean_network(regulons: pd.DataFrame, seeds: pd.DataFrame, *, min_runs: int, min_targets: int) -> pd.DataFrame:
    """Return the stable edges (:data:`SEEDS`) of the mean network's regulons, in regulons of ``min_targets`` or more.

    ``seeds``: the number of runs in whose modules each edge (TF, target) is found. An edge is stable if this number is
    ``min_runs`` or more. A factor as its own target is stable if any of its modules is.
    """
    table = regulons[RUN].merge(seeds.rename(columns={"TF": "tf"}), on=["tf", "target"], how="left")
    table["seeds"] = table["seeds"].fillna(0).astype(int)
    return only_large(table.loc[table["seeds"] >= min_runs, SEEDS], min_targets)


def consensus_over_models(
    groups: dict[str, pd.DataFrame], models: dict[str, str], *, min_groups: int, min_targets: int
) -> pd.DataFrame:
    """Return the edges (:data:`GROUPS`) found in groups of at least ``min_groups`` models, in regulons of
    ``min_targets`` or more.

    ``groups``: each group's edges as returned by :func:`agree`; ``models``: the model of each group. Models are
    counted, since two timepoints of one patient do not confirm each other. ``groups`` counts an edge's groups,
    ``seeds`` its runs in all groups. ``weight`` is the mean of the groups' weights, so a group with more seeds has no
    greater influence.
    """
    edges = pd.concat([table[SEEDS].assign(model=models[name]) for name, table in groups.items()], ignore_index=True)
    found = edges.groupby(RUN[:3], sort=True).agg(
        weight=("weight", "mean"), seeds=("seeds", "sum"), groups=("seeds", "size"), models=("model", "nunique")
    )
    table = found.reset_index()
    return only_large(table.loc[table["models"] >= min_groups, GROUPS], min_targets)


def only_large(edges: pd.DataFrame, min_targets: int) -> pd.DataFrame:
    """Return the edges of regulons with at least ``min_targets`` targets; strongest targets first within a regulon."""
    size = edges.groupby("regulon")["target"].transform("size")
    kept = edges[size >= min_targets] if len(edges) else edges
    return kept.sort_values(["regulon", "weight", "target"], ascending=[True, False, True], ignore_index=True)


def support(
    groups: dict[str, pd.DataFrame], consensus: pd.DataFrame, exchanged: dict[str, pd.DataFrame]
) -> pd.DataFrame:
    """Return (:data:`SUPPORT`) how many edges of each consensus regulon are found in each group.

    ``exchanged``: each group's regulons compared with exchanged motifs (:mod:`scripts.regulons.null`). ``p`` and
    ``false_share`` are missing if a group lacks the regulon or its regulons are not tested.
    """
    sizes = consensus.groupby(["regulon", "tf"]).size()
    rows = []
    for group, table in groups.items():
        shared = consensus[RUN[:3]].merge(table[RUN[:3]]).groupby("regulon").size()
        rows += [(regulon, tf, group, int(shared.get(regulon, 0)), int(n)) for (regulon, tf), n in sizes.items()]
    table = pd.DataFrame(rows, columns=SUPPORT[:5])
    tested = [
        part.loc[part["status"] == KEPT, ["regulon", "p", "false_share"]].assign(group=group)
        for group, part in exchanged.items()
    ]
    columns = pd.concat(tested) if tested else pd.DataFrame(columns=["regulon", "group", "p", "false_share"])
    table = table.merge(columns.astype({"p": float, "false_share": float}), how="left", on=["regulon", "group"])
    return table[SUPPORT].sort_values(["regulon", "group"], ignore_index=True)


def summarise(edges: pd.DataFrame, support: pd.DataFrame, seeds: int) -> pd.DataFrame:
    """Return one row per consensus regulon (:data:`SUMMARY`), ordered by name.

    Parameters
    ----------
    edges, support
        The consensus (:data:`GROUPS`) and its support in each group (:data:`SUPPORT`).
    seeds
        Number of runs per group.

    Returns
    -------
    DataFrame
        ``groups`` and ``runs``: number of groups and of runs (all groups) that found an edge, mean over edges.
        ``run_share``: share of runs among the groups that have the edge, mean over edges. ``group_share``: share of the
        edges found in a group, mean over groups. Targets are listed strongest first.
    """
    edges = edges.assign(share=edges["seeds"] / (edges["groups"] * seeds))
    found = edges.groupby(["regulon", "tf"], sort=False).agg(
        targets=("target", "size"),
        groups=("groups", "mean"),
        runs=("seeds", "mean"),
        run_share=("share", "mean"),
        strongest=("target", lambda targets: ", ".join(targets[:STRONGEST])),
        all_targets=("target", ", ".join),
    )
    shares = (support["edges"] / support["targets"].clip(lower=1)).groupby(support["regulon"]).mean()
    table = found.reset_index()
    return table.assign(group_share=table["regulon"].map(shares).astype(float))[SUMMARY]
