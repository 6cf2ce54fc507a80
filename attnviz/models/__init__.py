"""Networks: the catalogue, their weights and their preprocessing."""
