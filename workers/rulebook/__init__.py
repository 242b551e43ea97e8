"""The rules in force, in every process at once, and what people lay over them."""
