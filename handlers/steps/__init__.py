"""One file per kind of step. A step does one bounded unit of work per call and says whether there is more.

Every unit is idempotent: what it has done stands in the ledger, and a unit that is cut off is simply called again.
"""
