"""The parts of the ledger's one transaction; `workers.ledger` is the writer."""
