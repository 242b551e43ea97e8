"""What an incident owes afterwards: which need a post-mortem, its first draft, its deadlines and action items. Pure."""
