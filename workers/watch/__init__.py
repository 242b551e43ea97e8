"""Who watches Tocsin itself: the auditor, beats, the alarm, and what restarts whom."""
