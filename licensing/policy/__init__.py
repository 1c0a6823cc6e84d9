"""Policy: pure arithmetic on frozen facts. No Django, no clock, no row.

`editions` reads a text of the rules, `engine` judges facts by it, `trace` says why, `records` keeps a judgement.
"""
