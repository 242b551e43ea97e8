"""Gates: how often, how much or how unusual something must be before anybody is told."""
