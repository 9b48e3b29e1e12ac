"""State of streaming operators, kept in memory and written in the files of Spark's HDFSBackedStateStoreProvider."""
