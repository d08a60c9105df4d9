"""The persister programme on expression profiles: what changes, shared by which patients, undone at relapse."""
