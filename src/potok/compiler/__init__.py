"""Resolved plans become pipelines of DuckDB SQL and Python steps. The only package that knows DuckDB's SQL grammar."""
