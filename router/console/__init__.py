"""The console: what is open, what happens next and to whom, and the buttons to answer. One module per page."""
