"""`/api`: everything that people and programs ask with a token."""
