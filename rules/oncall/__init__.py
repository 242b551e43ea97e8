"""Who is on call, and whether anything reaches them."""
