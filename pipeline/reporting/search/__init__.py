"""Pictures and tables of a search, made from its ledger's entries."""
