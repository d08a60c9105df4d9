"""Throw-away environments made from PyPI, and the processes in them that other software answers from.

arboreto comes with scikit-learn 1.2.2, the last series in which its early stopping works; the others are of today.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
from scenic_data import Dataset
from scipy import sparse

ENVIRONMENTS = {
    "reference": [
        "arboreto==0.1.6", "scikit-learn==1.2.2", "numpy<1.24", "scipy<1.11", "pandas<2", "dask[complete]<2023.6",
        "distributed<2023.6",
    ],
    "opponents": ["rustscenic==0.5.1", "scenic-rs==0.3.0", "lightgbm", "numpy", "scipy", "pandas"],
    "diffusion": ["regdiffusion==0.2.3", "numpy", "scipy", "pandas"],
}  # fmt: skip
OPPONENTS = {
    "arboreto": ("reference", "arboreto"),
    "arboreto_current": (None, "arboreto"),
    "rustscenic": ("opponents", "rustscenic"),
    "rustscenic_inbag": ("opponents", "rustscenic_inbag"),
    "scenic_rs": ("opponents", "scenic_rs"),
    "regdiffusion": ("diffusion", "regdiffusion"),
    "lightgbm": ("opponents", "lightgbm"),
}
"""Opponent → environment (None: ours) and engine in scenic_opponents.py."""


def make_environments(folder: Path, opponents: Iterable[str] = tuple(OPPONENTS), say=print) -> dict[str, Path]:
    """Make the environments of ``opponents`` below ``folder`` (kept if there); return each one's Python. One that fails
    is left out.
    """
    found, wanted = {}, {OPPONENTS[name][0] for name in opponents}
    for name, packages in ENVIRONMENTS.items():
        if name not in wanted:
            continue
        python = folder / name / "bin" / "python"
        if not (folder / name / "complete").exists():
            say(f"making environment {name}: {' '.join(packages)}")
            try:
                venv.create(folder / name, with_pip=True, clear=True)
                quietly = {"check": True, "capture_output": True, "text": True}
                subprocess.run([python, "-m", "pip", "install", "-q", "uv"], **quietly)
                subprocess.run(
                    [folder / name / "bin" / "uv", "pip", "install", "--python", python, *packages], **quietly
                )
            except subprocess.CalledProcessError as error:
                say(f"environment {name} can't be made, its opponents are left out: {error.stderr.strip()[-300:]}")
                continue
            (folder / name / "complete").touch()
        found[name] = python
    return found


class Opponent:
    """A process that answers requests; see scenic_opponents.py."""

    def __init__(self, python: Path, engine: str):
        """Start ``engine`` with ``python``, on one thread."""
        script = Path(__file__).with_name("scenic_opponents.py")
        environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
        self.process = subprocess.Popen(
            [str(python), str(script), engine],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment,
        )  # fmt: skip
        self.version = self._read()["version"]

    def _read(self) -> dict:
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.process.args[2:]} ended with code {self.process.wait()}")
        return json.loads(line)

    def ask(self, **request) -> dict:
        """Send a request, return the answer."""
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return self._read()

    def open(self, data: Dataset, folder: Path) -> None:
        """Hand over a data set."""
        path = folder / "expression.npz"
        x = sparse.csr_matrix(data.expression)
        names = {"genes": np.array(data.genes), "tfs": np.array(data.tfs)}
        np.savez(path, data=x.data, indices=x.indices, indptr=x.indptr, shape=x.shape, **names)
        self.ask(open=str(path))

    def infer(self, targets: Iterable[str], seed: int, max_rounds: int = 5000, window: int = 25):
        """Return (edges, trees, seconds)."""
        answer = self.ask(targets=list(targets), seed=seed, max_rounds=max_rounds, window=window)
        edges = pd.DataFrame(answer["edges"], columns=["TF", "target", "importance"])
        return edges, answer["trees"], np.array(answer["seconds"])

    def close(self) -> None:
        """End the process."""
        self.process.stdin.close()
        self.process.wait()


def start_opponents(environments: dict[str, Path], names: Iterable[str], say=print) -> dict[str, Opponent]:
    """Start those of ``names`` whose environment exists and whose packages import."""
    started = {}
    for name in names:
        environment, engine = OPPONENTS[name]
        python = Path(sys.executable) if environment is None else environments.get(environment)
        if python is None:
            continue
        try:
            started[name] = Opponent(python, engine)
        except RuntimeError as error:
            say(f"{name} is left out: {error}")
    return started
