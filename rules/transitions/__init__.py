"""What comes of each command, by who asks; the table is `rules.transition`."""
