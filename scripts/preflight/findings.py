"""What a check of the study found."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass

from scripts.base import job


@dataclass(frozen=True)
class Finding:
    """Result of one check.

    ``verdict``: "ok"; "note": should be read; "broken": jobs of one library will fail; "refused": all jobs would fail.
    """

    check: str
    subject: str
    verdict: str
    message: str


def look(check: str, subject: str, question: Callable[[], str], verdict: str = "refused") -> Finding:
    """Return the answer to a question, or its refusal with the given verdict."""
    try:
        return Finding(check, subject, "ok", question())
    except job.UserError as error:
        return Finding(check, subject, verdict, str(error))
    except (OSError, EOFError, zlib.error) as error:
        return Finding(check, subject, verdict, f"{subject}: can't be read ({error}); check that the file is complete")
