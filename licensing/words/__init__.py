"""The rules in words, for pages, REST and mails alike, in the language of whoever reads.

`terms` are words for what the rules name, `rules` are sentences about rules, `holds` about holds, `thresholds` about
the test for annual licenses, `doubts` is what nobody knows for sure.
For whoever writes editions: `sentences` tells a rule of one, `differences` all that two of them say otherwise (by
`labels`), `comparisons` what that changes and which invariants hold, of `whom`, and `statements` what the public is
told; they are made of `phrases`.
"""
