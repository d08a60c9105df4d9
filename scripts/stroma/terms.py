"""Terms in the stage's tables that are used by figures and report; importable in any environment."""

TO_HOST, TO_TUMOUR = "tumour to stroma", "stroma to tumour"
"""Directions of a ligand–receptor pair: the first has the ligand."""
DIRECTIONS = (TO_HOST, TO_TUMOUR)
OTHER = "other"
"""Label of cells without the markers of any lineage; they count among all cells, but no change is tested."""
