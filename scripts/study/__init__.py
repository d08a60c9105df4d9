"""The study: its config, its sheets, and whether they make a design that can be analysed."""
