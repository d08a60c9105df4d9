"""Words in the tables of the stage that figures and the report look up; importable in any environment."""

PROMOTER, DISTAL = "promoter", "promoter or distal"
"""Windows around transcription starts in which a peak counts as near: the narrow one, and the wide one around it."""
GAINED, LOST, KEPT = "gained", "lost", "kept"
"""Peaks that only persisters have, that only untreated cells have, and that both have."""
CHANGES = (GAINED, LOST, KEPT)
