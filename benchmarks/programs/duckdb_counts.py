"""The same by hand: counts and sums kept in a table on disk, a transaction for each batch."""

import json
import os
import time
from pathlib import Path

import duckdb

files = sorted(Path(os.environ["POTOK_BENCHMARK_DIRECTORY"], "keyed").glob("*.parquet"))
connection = duckdb.connect("state.db", config={"threads": 2})
connection.execute("CREATE TABLE state (k BIGINT, n BIGINT, total BIGINT)")
started, started_cpu = time.perf_counter(), time.process_time()
for file in files:
    connection.execute("BEGIN")
    connection.execute(
        f"""CREATE TEMP TABLE changed AS SELECT k, count(*) AS n, sum(v)::BIGINT AS total
        FROM '{file}' GROUP BY k"""
    )
    connection.execute(
        """CREATE TEMP TABLE merged AS SELECT coalesce(s.k, c.k) AS k, coalesce(s.n, 0) + coalesce(c.n, 0) AS n,
        coalesce(s.total, 0) + coalesce(c.total, 0) AS total, c.k IS NOT NULL AS is_changed
        FROM state s FULL JOIN changed c ON s.k = c.k"""
    )
    connection.execute("CREATE OR REPLACE TABLE state AS SELECT k, n, total FROM merged")
    output = connection.sql("SELECT k, n, total FROM merged WHERE is_changed").to_arrow_table()
    connection.execute("DROP TABLE changed")
    connection.execute("DROP TABLE merged")
    connection.execute("COMMIT")
ended, ended_cpu = time.perf_counter(), time.process_time()
print("RESULT " + json.dumps({"work_s": ended - started, "work_cpu_s": ended_cpu - started_cpu}))
connection.close()
