"""The study's results in the files that other tools read."""
