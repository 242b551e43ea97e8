"""The head: events, rules, incidents. Pure: no clock, no I/O, no randomness."""
