"""The streaming loop: batches in Spark's order, triggers, progress, queries and their manager."""
