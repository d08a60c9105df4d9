"""The study's results in file formats of other tools."""
