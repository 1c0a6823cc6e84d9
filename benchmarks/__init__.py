"""What is fast enough, and still is: one command, a table and JSON.

    .venv/bin/python -m benchmarks [NAME …]      all, or those named; BENCH_SCALE=0.01 is a hundredth of each

Each has a PostgreSQL of its own, with fsync, and measures its limits before and after: what PostgreSQL does alone
(limits.py), or a thousand plain commits. Figures of a machine on which others work move; the ratio to the limit moves
less, and "noisy" says that the limit did. It ends with an error where a figure is below its floor.
"""
