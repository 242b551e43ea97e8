"""Deliveries kept: the inbox, the spool when there is no Redis, what became of each."""
