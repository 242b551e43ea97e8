"""Telling people: one notification from its words to the receiver's reply."""
