"""A study that is right, to be changed by a test."""

from simulators.study import draft  # noqa: F401
