"""The hands: jobs, ledger, agenda, channels."""
