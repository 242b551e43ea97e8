"""Runbooks: Markdown that is worked through."""
