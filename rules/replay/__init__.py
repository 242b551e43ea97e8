"""What was heard once, heard again by two editions of the rules: what would have been different."""
