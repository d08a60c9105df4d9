"""For `make lint`: a stage imports only what comes before it. Layers of import-linter, with our list of stages."""

from __future__ import annotations

from typing import Any

from importlinter.contracts.layers import LayersContract

from scripts.study.stages import STAGES


class StageLayers(LayersContract):
    """Layers from above to below, in which the entry ``stages`` stands for all stages, the last on top."""

    def __init__(self, name: str, session_options: dict[str, Any], contract_options: dict[str, Any]) -> None:
        """Put the stages into the options of pyproject.toml."""
        layers = []
        for layer in contract_options["layers"]:
            layers += reversed(STAGES) if layer == "stages" else [layer]
        super().__init__(name, session_options, {**contract_options, "layers": layers})
