"""The corpus of malformed inputs, by where they enter, and the sound ones that they are made from."""

from corpus import databases, matrices, profiles, reads, references, samples, sheets

ENTRIES = (sheets, reads, matrices, references, databases, samples, profiles)
CASES = [case for entry in ENTRIES for case in entry.CASES]
SOUND = [case for entry in ENTRIES for case in entry.SOUND]
