"""Tocsin in memory on a virtual clock: what the rules will do, before they do it, by the code that does it."""
