"""Spark's checkpoint files: what a query has planned, done and seen, written so that Spark can go on."""
