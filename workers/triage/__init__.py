"""Checks run: at an opening, on a schedule, when somebody asks."""
