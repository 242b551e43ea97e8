"""Where an incident is announced: its own channel in Slack, and the pages the world reads."""
