"""How an incident is responded to: roles, updates, checks, the checklist before it closes."""
