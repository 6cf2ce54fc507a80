"""Reading a network while it looks: sites, taps, and one pass that fills a trace."""
