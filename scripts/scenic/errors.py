"""Failures of the SCENIC kernels that the user can correct: one line each, no traceback (see ``scripts.base.job``)."""

from __future__ import annotations

from scripts.base.job import UserError


class ScenicInputError(UserError, ValueError):
    """Expression, gene names, databases or settings that a kernel cannot work with."""


class ExpressionError(ScenicInputError):
    """An expression matrix with negative or missing values, duplicate genes or the wrong shape."""


class NetworkError(ScenicInputError):
    """Adjacencies without a column, with an edge twice, or of genes that aren't measured."""


class DatabaseError(ScenicInputError):
    """A file that is no ranking database, or a damaged one."""


class NamingError(ScenicInputError):
    """Two inputs that name genes differently: species, release, Ensembl ids against symbols."""


class ThresholdError(ScenicInputError):
    """A threshold that doesn't fit the size of the data."""


class AnnotationError(ScenicInputError):
    """Motif annotations without a column, of other motifs than the databases', or of no factor of the network."""
