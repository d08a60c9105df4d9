"""Figures: each is drawn once, by the stage that owns it, and shown by the page, by Snakemake's report and as files.

To add a figure, touch two places:

1. ``scripts/<stage>/figures.py``: a pure function from tables to a :class:`~scripts.figure.figure.Figure`, and its line
   in ``FIGURES``, which names the tables that it reads.
2. ``resources/words/<stage>.yaml``: its words under ``figures``, and its place in the list ``blocks``.

The rule ``draw_<stage>`` gives the tables (a table that the rule doesn't list yet is a third place) and writes
``results/<stage>/figures/``: per figure the specification with its data (JSON), SVG, PNG, and the rows behind it (TSV).
"""
