"""Speed, memory and quality, measured against budgets and peers; run with `python -m`."""
