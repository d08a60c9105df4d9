"""Errors of the SCENIC kernels that the user can correct: one line each, no traceback (see ``scripts.base.job``)."""

from __future__ import annotations

from scripts.base.job import UserError


class ScenicInputError(UserError, ValueError):
    """Expression, gene names, databases or settings that a kernel cannot work with."""


class ExpressionError(ScenicInputError):
    """An expression matrix with negative or missing values, duplicate genes or the wrong shape."""


class NetworkError(ScenicInputError):
    """Adjacencies without a column, with a duplicate edge, or with genes that are not measured."""


class DatabaseError(ScenicInputError):
    """A file that is not a ranking database, or a damaged one."""


class NamingError(ScenicInputError):
    """Two inputs that name genes differently: another species or release, or Ensembl identifiers and symbols."""


class ThresholdError(ScenicInputError):
    """A threshold that does not suit the size of the data."""


class AnnotationError(ScenicInputError):
    """Motif annotations that lack a column, name no motif of the databases, or name no factor of the network."""
