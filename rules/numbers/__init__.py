"""What past incidents add up to: how soon somebody answered, whom it woke, and what only makes noise. Pure.

docs/numbers.md says how each figure is counted.
"""
