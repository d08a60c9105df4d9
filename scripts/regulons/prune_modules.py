"""Turn a network into regulons: modules per factor, pruned to the targets that share the factor's motif (cisTarget)."""

import anndata
import pandas as pd

from scripts import job
