"""Building blocks of pages: pickers, caches, links, long work, charts; no page is imported."""
