"""Networks that the project defines itself, one file for each family."""
