"""The same by hand: windows kept in a table on disk until the watermark has passed them."""

import json
import os
import time
from pathlib import Path

import duckdb

files = sorted(Path(os.environ["POTOK_BENCHMARK_DIRECTORY"], "keyed").glob("*.parquet"))
connection = duckdb.connect("state.db", config={"threads": 2})
connection.execute("CREATE TABLE state (w BIGINT, n BIGINT, total BIGINT)")
started, started_cpu = time.perf_counter(), time.process_time()
for file in files:
    connection.execute("BEGIN")
    connection.execute(
        f"""INSERT INTO state SELECT epoch("at")::BIGINT // 10 AS w, count(*), sum(v)::BIGINT FROM '{file}' GROUP BY w"""
    )
    ((watermark,),) = connection.execute(f"""SELECT epoch(max("at"))::BIGINT - 10 FROM '{file}'""").fetchall()
    output = connection.sql(
        f"SELECT w, sum(n), sum(total) FROM state WHERE (w + 1) * 10 <= {watermark} GROUP BY w"
    ).to_arrow_table()
    connection.execute(f"DELETE FROM state WHERE (w + 1) * 10 <= {watermark}")
    connection.execute("COMMIT")
ended, ended_cpu = time.perf_counter(), time.process_time()
print("RESULT " + json.dumps({"work_s": ended - started, "work_cpu_s": ended_cpu - started_cpu}))
connection.close()
