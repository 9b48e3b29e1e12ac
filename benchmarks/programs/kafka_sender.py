"""Sends records one at a time and waits for each one's row in a file: `kafka_sender.py <brokers> <file> <count>`.

Writes the name of the topic, waits for a line, and writes milliseconds from `produce` to the row, a JSON list.
"""

import json
import random
import sys
import time
import uuid
from pathlib import Path

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

bootstrap, console, count = sys.argv[1:]
topic = f"latency-{uuid.uuid4().hex[:8]}"
admin = AdminClient({"bootstrap.servers": bootstrap})
admin.create_topics([NewTopic(topic, 1, 1)])[topic].result(60)
producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 0})
print(topic, flush=True)
sys.stdin.readline()
chance = random.Random(7)
latencies_ms = []
with Path(console).open("rb") as rows:
    for number in range(int(count)):
        mark = b"record-%06d" % number
        # Not in step with anything that happens at fixed times.
        time.sleep(0.05 + chance.random() * 0.1)
        rows.seek(0, 2)
        started_s = time.perf_counter()
        producer.produce(topic, mark)
        seen = b""
        while mark not in seen:
            if time.perf_counter() - started_s > 60:
                raise TimeoutError(f"no row for {mark!r}")
            producer.poll(0)
            seen += rows.read()
            time.sleep(0.0002)
        latencies_ms.append((time.perf_counter() - started_s) * 1000)
print(json.dumps(latencies_ms))
