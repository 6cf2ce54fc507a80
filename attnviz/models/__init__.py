"""Networks: which there are, where their weights come from, and how they want pictures."""
