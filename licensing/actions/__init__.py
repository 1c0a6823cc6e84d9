"""The verbs of licensing, by noun: declarations, applications, decisions, licenses."""
