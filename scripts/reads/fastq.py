"""Read FASTQ in the format that all programs accept. Other files are rejected before any program starts."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from scripts.base import job
from scripts.base.files import is_gzip

BATCH = 20_000
"""Number of records per batch."""
CHUNK = 1 << 20
"""Bytes that are decompressed at once."""
LONGEST_LINE = 1 << 26
"""Bytes of a line that ends the search for its end: a file of other contents, such as a genome without line ends."""
FORM = "FASTQ has four lines a record (@name, bases, +, as many qualities), plain ASCII, each ended by \\n alone"
"""The only format that kallisto, STAR and Sequali read in the same way."""


class Batch(NamedTuple):
    """Consecutive records: names without their comments, and sequences."""

    names: list[bytes]
    sequences: list[bytes]


def open_mate(path: str) -> BinaryIO:
    """Open a FASTQ file. Raises :class:`job.UserError` if it is missing, empty or not in the format of its suffix."""
    if not Path(path).is_file():
        raise job.UserError(f"{path}: no such file; correct its path in the units sheet")
    if Path(path).stat().st_size == 0:
        raise job.UserError(f"{path}: the file is empty; fetch it again")
    packed = is_gzip(path)
    if path.endswith(".gz") and not packed:
        raise job.UserError(f"{path}: not gzip although it is named .gz; compress it, or rename it")
    # Zero bytes after a gzip stream are ignored.
    return gzip.open(path, "rb") if packed else open(path, "rb")  # type: ignore[return-value]


def batches(path: str, most: int | None = None) -> Iterator[Batch]:
    """Yield a file's records in batches, or its first ``most`` records.

    Raises :class:`job.UserError` at the first record in another format, and for a file without records.
    """
    seen, lines, rest = 0, [], b""
    with open_mate(path) as handle:
        while most is None or seen < most:
            number = BATCH if most is None else min(BATCH, most - seen)
            try:
                # Chunks are split here: reading a gzip stream line by line takes twice as long.
                while len(lines) < 4 * number and len(rest) < LONGEST_LINE and (chunk := handle.read1(CHUNK)):
                    lines += io.BytesIO(rest + chunk).readlines()
                    rest = b"" if lines[-1].endswith(b"\n") else lines.pop()
            except (OSError, EOFError, zlib.error) as error:
                raise broken(path, seen + len(lines) // 4, error) from error
            if len(lines) < 4 * number and rest:
                lines.append(rest)
                rest = b""
            if not lines:
                break
            yield parse(path, lines[: 4 * number], seen)
            seen += min(len(lines) // 4, number)
            del lines[: 4 * number]
    if not seen and most != 0:
        raise job.UserError(f"{path}: no read in the file; fetch it again, or remove the lane from the units sheet")


def records(path: str, most: int | None = None) -> Iterator[tuple[str, str]]:
    """Yield name and sequence of a file's records, or of its first ``most``; errors as in :func:`batches`."""
    for batch in batches(path, most):
        for name, sequence in zip(*batch, strict=True):
            yield name.decode(), sequence.decode()


def parse(path: str, lines: list[bytes], seen: int) -> Batch:
    """Return the records in complete lines; the first one is record ``seen`` + 1 of the file.

    Raises :class:`job.UserError` for carriage returns, text that isn't ASCII, a last line without a line end, and
    records that aren't four lines.
    """
    text = b"".join(lines)
    if b"\r" in text:
        at = seen + next(number for number, line in enumerate(lines) if b"\r" in line) // 4 + 1
        raise job.UserError(f"{path}, record {at}: lines end in Windows format; convert the file (dos2unix). {FORM}")
    if not text.isascii():
        at = seen + next(number for number, line in enumerate(lines) if not line.isascii()) // 4 + 1
        raise job.UserError(
            f"{path}, record {at}: a letter that isn't ASCII, such as µ; rename the reads, or fetch the file again. "
            f"{FORM}"
        )
    heads, bases, pluses, qualities = (lines[part::4] for part in range(4))
    whole = (
        len(lines) % 4 == 0
        and all(head[:1] == b"@" for head in heads)
        and all(plus[:1] == b"+" for plus in pluses)
        and list(map(len, bases[:-1])) == list(map(len, qualities[:-1]))
    )
    if not whole or len(bases[-1].rstrip(b"\n")) != len(qualities[-1].rstrip(b"\n")):
        raise no_record(path, lines, seen)
    if b"\n" in bases:
        at = seen + bases.index(b"\n") + 1
        raise job.UserError(
            f"{path}, record {at}: a read without bases, at which STAR stops; trim again and "
            "remove both mates of such reads (cutadapt --minimum-length 1)"
        )
    if not lines[-1].endswith(b"\n"):
        raise job.UserError(
            f"{path}, record {seen + len(heads)}: the last line has no line feed; the file may be truncated, fetch it "
            f"again. {FORM}"
        )
    return Batch([(head[1:].split(None, 1) or [b""])[0] for head in heads], [line[:-1] for line in bases])


def no_record(path: str, lines: list[bytes], seen: int) -> job.UserError:
    """Return the error for the first invalid record."""
    for number in range(0, len(lines), 4):
        record = lines[number : number + 4]
        lengths = {len(line.rstrip(b"\n")) for line in record[1::2]}
        if len(record) < 4 or record[0][:1] != b"@" or record[2][:1] != b"+" or len(lengths) > 1:
            break
    return job.UserError(
        f"{path}, record {seen + number // 4 + 1}: not a FASTQ record of four lines with as many qualities as bases; "
        "the file is truncated, edited or wrapped, fetch it again"
    )


def broken(path: str, seen: int, error: Exception) -> job.UserError:
    """Return the error for a stream that can't be read beyond ``seen`` records."""
    if isinstance(error, EOFError):
        return job.UserError(
            f"{path}: truncated, the gzip stream ends early (after {seen} whole records); fetch the file again"
        )
    if isinstance(error, gzip.BadGzipFile | zlib.error):
        return job.UserError(
            f"{path}: the gzip stream is damaged ({error}; after {seen} whole records); fetch the file again"
        )
    return job.UserError(f"{path}: can't be read ({error}; after {seen} whole records); fetch the file again")
