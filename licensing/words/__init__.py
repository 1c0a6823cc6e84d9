"""The rules in words, for pages, REST and mails alike, in the language of whoever reads.

`terms` are words for what the rules name, `rules` are sentences about rules, `doubts` is what nobody knows for sure.
"""
