"""Spark Structured Streaming programs without a JVM."""

__version__ = "0.1.0"
