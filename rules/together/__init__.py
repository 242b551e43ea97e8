"""What several signals have to do with each other: groups, and what keeps what quiet."""
