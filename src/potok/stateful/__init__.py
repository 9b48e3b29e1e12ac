"""Operators that remember: what a stream keeps from batch to batch, in Spark's state format."""
