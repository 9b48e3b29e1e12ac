"""What each Spark function means: tables, one family a module."""
