"""The sections of the report, each a module with ``build(source) -> Section``."""
