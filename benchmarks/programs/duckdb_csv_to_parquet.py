"""The same by hand: CSV, filter, parquet."""

import json
import os
import time

import duckdb

directory = os.environ["POTOK_BENCHMARK_DIRECTORY"]
connection = duckdb.connect(config={"threads": 2})
started = time.process_time()
connection.execute(
    f"""COPY (SELECT * FROM read_csv('{directory}/csv/*.csv', columns = {{'day': 'VARCHAR', 'temp': 'VARCHAR'}},
    header = false) WHERE CAST(temp AS FLOAT) > 13) TO 'out.parquet' (FORMAT parquet, COMPRESSION snappy)"""
)
print("RESULT " + json.dumps({"work_cpu_s": time.process_time() - started}))
connection.close()
