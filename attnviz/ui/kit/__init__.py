"""What pages are built from: pickers, cache, links, long work, charts. Kit knows no page."""
