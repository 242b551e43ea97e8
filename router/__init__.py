"""The ear: receiver, sources, console, command line."""
