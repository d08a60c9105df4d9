"""Cell barcodes of 16 bases as 32-bit numbers: two bits per base, first base most significant, as in BUS files."""

from __future__ import annotations

import numpy as np

from scripts.references.chemistries import BARCODE_LENGTH

BASES = np.frombuffer(b"ACGT", np.uint8)
BLOCK = 65_536
"""Number of barcodes packed at a time, small enough for the processor's cache."""
CODE = np.full(256, 255, np.uint8)
CODE[BASES] = np.arange(4)


def pack(barcodes: np.ndarray, length: int = BARCODE_LENGTH) -> tuple[np.ndarray, np.ndarray]:
    """Return (uint32 numbers, bool clean) of byte strings; a string is clean if it consists of ``length`` (at most 16)
    letters A, C, G, T.
    """
    letters = np.ascontiguousarray(barcodes, dtype=f"S{length}").view(np.uint8).reshape(-1, length)
    packed = np.zeros(len(letters), np.uint32)
    clean = np.ones(len(letters), bool)
    for start in range(0, len(letters), BLOCK):
        block = slice(start, start + BLOCK)
        codes = CODE[np.ascontiguousarray(letters[block].T)]
        clean[block] = codes.max(axis=0, initial=0) < 4
        for code in codes & 3:
            packed[block] = (packed[block] << np.uint32(2)) | code
    return packed, clean


def unpack(packed: np.ndarray) -> np.ndarray:
    """Return the S16 barcodes of packed numbers."""
    letters = np.empty((len(packed), BARCODE_LENGTH), np.uint8)
    numbers = packed.astype(np.uint32)
    for position in range(BARCODE_LENGTH):
        letters[:, position] = BASES[(numbers >> np.uint32(2 * (BARCODE_LENGTH - 1 - position))) & np.uint32(3)]
    return letters.reshape(-1).view(f"S{BARCODE_LENGTH}")


def distinct(packed: np.ndarray) -> np.ndarray:
    """Return the distinct values, sorted. For millions of mostly distinct numbers, this is 20 times faster than
    np.unique, which uses hashes.
    """
    ordered = np.sort(packed)
    return ordered[np.r_[True, ordered[1:] != ordered[:-1]]] if len(ordered) else ordered


def contains(whitelist: np.ndarray, packed: np.ndarray) -> np.ndarray:
    """Return which ``packed`` barcodes are on the sorted ``whitelist``."""
    if not len(whitelist):
        return np.zeros(len(packed), bool)
    at = np.searchsorted(whitelist, packed)
    return whitelist[np.minimum(at, len(whitelist) - 1)] == packed


def within_one_substitution(observed: np.ndarray, whitelist: np.ndarray) -> np.ndarray:
    """Return the sorted whitelisted barcodes that equal an ``observed`` barcode or differ from it in one base.

    No other barcodes are needed to correct ``observed`` barcodes to their unique whitelisted neighbour.
    """
    observed = distinct(observed.astype(np.uint32))
    found = [observed[contains(whitelist, observed)]]
    for position in range(BARCODE_LENGTH):
        for change in (1, 2, 3):
            neighbours = observed ^ np.uint32(change << (2 * position))
            found.append(neighbours[contains(whitelist, neighbours)])
    return distinct(np.concatenate(found))


def write_text(path, packed: np.ndarray) -> None:
    """Write packed barcodes as text, one per line."""
    lines = np.full((len(packed), BARCODE_LENGTH + 1), ord("\n"), np.uint8)
    lines[:, :BARCODE_LENGTH] = unpack(packed).view(np.uint8).reshape(-1, BARCODE_LENGTH)
    lines.tofile(path)
