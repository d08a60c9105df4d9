"""Simulated cells with known groups, as fixtures."""

from simulators.cells import job_of, sets, settings, simulator  # noqa: F401
