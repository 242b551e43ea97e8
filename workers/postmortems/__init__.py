"""Post-mortems: their records, what people do with them, and the looks at them that the agenda promises.

The one writer of these records. A record changes in one transaction with its incident's history and with the promise
of the next look.
"""
