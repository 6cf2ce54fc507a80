"""A day under fire: killed processes, full disks and missing homes, without mercy.

    python -m benchmarks.under_fire [kills] [disk] [homes] [--times 20] [--seed 0] [--only training]

Every line of the table is one thing that was done to one kind of work, how often, and whether all
that was whole stayed whole and the work went on. Linux; a small disk of its own is mounted where
the user may do that, else the size of each file is limited.
"""
