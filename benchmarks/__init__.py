"""What is fast enough, and still is: one command, a table and JSON.

    .venv/bin/python -m benchmarks [NAME …]      of turn_10k, whatif_10k; BENCH_SCALE=0.01 is a hundredth of each

Each has a PostgreSQL of its own, with fsync, and runs its limit (a thousand plain commits) before and after. Figures of
a machine on which others work move: the ratio to the limit moves less, and "noisy" says that the limit did.
"""
