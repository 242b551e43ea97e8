"""When nobody is told: silences, maintenance, working hours."""
