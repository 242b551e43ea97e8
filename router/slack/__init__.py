"""Answering from inside Slack: presses of buttons, and a slash command."""
