"""An incident's own channel and the status pages, one chore at a time."""
