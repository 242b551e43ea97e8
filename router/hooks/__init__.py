"""The door for deliveries: the fast path from the socket to a 202 that means kept."""
