"""Running SQL and user functions over Arrow. The only package that imports duckdb."""
