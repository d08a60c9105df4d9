"""Terms in the stage's tables that are used by figures and report; importable in any environment."""

PROMOTER, DISTAL = "promoter", "promoter or distal"
"""Windows around transcription starts in which a peak counts as near: the narrow one, and the wide one around it."""
GAINED, LOST, KEPT = "gained", "lost", "kept"
"""Peaks that only persisters have, that only untreated cells have, and that both have."""
CHANGES = (GAINED, LOST, KEPT)
