"""Other makers of the same network, each in a process (and environment) of its own: arboreto, rustscenic and others.

Run by scenic_environments.py with the Python of a throw-away environment: one JSON request a line on stdin, one JSON
answer a line on stdout. Seconds are CPU seconds of the process, so that a busy machine distorts no comparison on one
thread.
"""

from __future__ import annotations

import json
import os
import sys
import time
import warnings

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS"):
    os.environ[_variable] = "1"
warnings.filterwarnings("ignore")

import numpy as np
from scipy import sparse


class Arboreto:
    """arboreto's own functions in this process, without its dask front end, on whatever scikit-learn is installed."""

    def __init__(self):
        """Import what is measured."""
        import sklearn
        from arboreto import core

        self.core, self.version = core, sklearn.__version__

    def open(self, expression, genes, tfs):
        """Take the data: arboreto works on dense matrices (float32, the form that scikit-learn doesn't convert)."""
        self.genes, self.expression = genes, sparse.csc_matrix(expression, dtype=np.float32)
        dense = np.ascontiguousarray(self.expression[:, [genes.index(tf) for tf in tfs]].toarray())
        self.tf_matrix, self.tf_names = dense, list(tfs)

    def infer(self, targets, seed, max_rounds, window):
        """Return edges, trees and seconds of ``targets``."""
        settings = dict(self.core.SGBM_KWARGS, n_estimators=max_rounds)
        edges, trees, seconds = [], [], []
        for target in targets:
            y = self.expression[:, [self.genes.index(target)]].toarray().ravel()
            start = time.process_time()
            links, meta = self.core.infer_partial_network(
                "GBM", settings, self.tf_matrix, self.tf_names, target, y,
                include_meta=True, early_stop_window_length=window or max_rounds + 1, seed=seed,
            )  # fmt: skip
            seconds.append(time.process_time() - start)
            trees.append(int(meta["n_estimators"].iloc[0]))
            edges += links[["TF", "target", "importance"]].values.tolist()
        return edges, trees, seconds


class Rustscenic:
    """rustscenic's GRN stage; it fits every gene of the matrix, so seconds are of all of them together.

    Two ways to stop: ``arboreto`` (its default; improvements out of the bag) and ``legacy_inbag`` (its own until 0.5).
    """

    def __init__(self, mode: str = "arboreto"):
        """Import what is measured."""
        import rustscenic
        from rustscenic import grn

        self.grn, self.mode, self.version = grn, mode, f"{rustscenic.__version__}, {mode}"

    def open(self, expression, genes, tfs):
        """Take the data (float32 CSC, the form it doesn't convert)."""
        self.genes, self.tfs, self.expression = genes, list(tfs), sparse.csc_matrix(expression, dtype=np.float32)

    def infer(self, targets, seed, max_rounds, window):
        """Return edges, trees in all and seconds; the genes are ``targets`` if given."""
        columns = [self.genes.index(gene) for gene in targets]
        matrix = self.expression[:, columns]
        start = time.process_time()
        table = self.grn.infer(
            (matrix, list(targets)),
            self.tfs,
            n_estimators=max_rounds,
            early_stop_window=window,
            early_stop_mode=self.mode,
            seed=seed,
            verbose=False,
        )
        seconds = time.process_time() - start
        summary = {key: value for key, value in table.attrs["grn_fit"].items() if "tree" in key or "round" in key}
        trees = [len(targets) * max_rounds] if window == 0 else [summary]
        return table[["TF", "target", "importance"]].values.tolist(), trees, [seconds]


class ScenicRs:
    """scenic-rs's GRNBoost2; it fits every gene of a dense matrix and doesn't tell how many trees it grows."""

    def __init__(self):
        """Import what is measured."""
        from importlib.metadata import version

        import scenic_rs

        self.infer_all, self.version = scenic_rs.grnboost2, version("scenic-rs")

    def open(self, expression, genes, tfs):
        """Take the data."""
        self.genes, self.tfs, self.expression = genes, list(tfs), sparse.csc_matrix(expression, dtype=np.float32)

    def infer(self, targets, seed, max_rounds, window):
        """Return edges, trees (unknown) and seconds; the genes are ``targets``."""
        matrix = np.ascontiguousarray(self.expression[:, [self.genes.index(gene) for gene in targets]].toarray())
        tfs = [tf for tf in self.tfs if tf in set(targets)]
        start = time.process_time()
        table = self.infer_all(matrix, list(targets), tfs, n_estimators=max_rounds, early_stop_window=window, seed=seed)
        seconds = time.process_time() - start
        return table[["TF", "target", "importance"]].values.tolist(), [float("nan")], [seconds]


class RegDiffusion:
    """RegDiffusion on the CPU with its own settings: one model of all genes; an edge weighs the size of its entry."""

    def __init__(self):
        """Import what is measured."""
        from importlib.metadata import version

        import regdiffusion

        self.regdiffusion, self.version = regdiffusion, version("regdiffusion")

    def open(self, expression, genes, tfs):
        """Take the data, dense and log-transformed already."""
        self.genes, self.tfs, self.expression = genes, list(tfs), expression.toarray().astype(np.float32)

    def infer(self, targets, seed, max_rounds, window):
        """Return edges, trees (none) and seconds; the genes are ``targets``."""
        columns = [self.genes.index(gene) for gene in targets]
        start = time.process_time()
        trainer = self.regdiffusion.RegDiffusionTrainer(self.expression[:, columns], device="cpu", seed=seed)
        trainer.train()
        weight = np.abs(trainer.get_adj())
        seconds = time.process_time() - start
        edges = [
            (tf, target, float(weight[row, column]))
            for row, tf in enumerate(targets)
            if tf in set(self.tfs)
            for column, target in enumerate(targets)
            if tf != target
        ]
        return edges, [float("nan")], [seconds]


class LightGBM:
    """LightGBM with GRNBoost2's settings as far as it has them; without early stopping, so only its time is of use."""

    def __init__(self):
        """Import what is measured."""
        import lightgbm

        self.lightgbm, self.version = lightgbm, lightgbm.__version__

    def open(self, expression, genes, tfs):
        """Take the data, binned once for all targets."""
        self.genes, self.expression = genes, sparse.csc_matrix(expression, dtype=np.float32)
        factors = sparse.csr_matrix(self.expression[:, [genes.index(tf) for tf in tfs]], dtype=np.float64)
        self.settings = {
            "objective": "regression", "learning_rate": 0.01, "num_leaves": 8, "max_depth": 3, "max_bin": 255,
            "feature_fraction_bynode": 0.1, "bagging_fraction": 0.9, "bagging_freq": 1, "min_data_in_leaf": 1,
            "min_sum_hessian_in_leaf": 0.0, "num_threads": 1, "verbose": -1, "feature_pre_filter": False,
        }  # fmt: skip
        labels = np.zeros(expression.shape[0])
        self.data = self.lightgbm.Dataset(factors, labels, params=self.settings, free_raw_data=False).construct()

    def infer(self, targets, seed, max_rounds, window):
        """Return no edges, but trees and seconds of ``targets``."""
        seconds = []
        for target in targets:
            self.data.set_label(self.expression[:, [self.genes.index(target)]].toarray().ravel().astype(float))
            start = time.process_time()
            self.lightgbm.train(self.settings | {"seed": seed}, self.data, num_boost_round=max_rounds)
            seconds.append(time.process_time() - start)
        return [], [max_rounds] * len(targets), seconds


def main() -> None:
    """Answer requests until stdin ends."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints must not mix with the answers
    engines = {
        "arboreto": Arboreto,
        "rustscenic": Rustscenic,
        "rustscenic_inbag": lambda: Rustscenic("legacy_inbag"),
        "scenic_rs": ScenicRs,
        "regdiffusion": RegDiffusion,
        "lightgbm": LightGBM,
    }
    engine = engines[sys.argv[1]]()
    print(json.dumps({"version": engine.version}), file=out, flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        if "open" in request:
            data = np.load(request["open"], allow_pickle=False)
            parts = (data["data"], data["indices"], data["indptr"])
            engine.open(sparse.csr_matrix(parts, shape=data["shape"]), data["genes"].tolist(), data["tfs"].tolist())
            answer = {}
        else:
            edges, trees, seconds = engine.infer(**request)
            answer = {"edges": edges, "trees": trees, "seconds": seconds}
        print(json.dumps(answer, default=float), file=out, flush=True)


if __name__ == "__main__":
    main()
