"""The persister programme in expression profiles: genes that change, agreement of patients, reversal at relapse."""
