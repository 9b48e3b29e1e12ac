"""Where rows come from and where they go: one format, one file."""
