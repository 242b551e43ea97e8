"""What must survive, tried on a whole Tocsin of real processes: `python -m tests.chaos [scenario …]`.

Each scenario breaks something under load and asks the oracle: is everything that was answered 2xx reflected, and was
nobody told twice but for what was on its way when something was killed?
"""
