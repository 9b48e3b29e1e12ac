"""Which operator a state directory belongs to: `state/<operator id>/_metadata/metadata`.

Source of fact: org.apache.spark.sql.execution.streaming.state.OperatorStateMetadataV1.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from potok.checkpoint.log import split_version

_VERSION = 1


@dataclass(frozen=True, slots=True)
class StateStoreInfo:
    """One store of an operator.

    `num_cols_prefix_key` is how many leading columns of the key a prefix scan uses, 0 for none.
    """

    store_name: str
    num_cols_prefix_key: int
    num_partitions: int


@dataclass(frozen=True, slots=True)
class OperatorMetadata:
    """A stateful operator: its number in the plan from 0, Spark's name for its kind, its stores."""

    operator_id: int
    operator_name: str
    stores: tuple[StateStoreInfo, ...]

    def encode(self) -> bytes:
        """The content of the file, without a final newline."""
        document = {
            "operatorInfo": {"operatorId": self.operator_id, "operatorName": self.operator_name},
            "stateStoreInfo": [
                {
                    "storeName": store.store_name,
                    "numColsPrefixKey": store.num_cols_prefix_key,
                    "numPartitions": store.num_partitions,
                }
                for store in self.stores
            ],
        }
        text = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
        return f"v{_VERSION}\n{text}".encode()

    @classmethod
    def decode(cls, content: bytes) -> OperatorMetadata:
        """Raises ValueError for a torn or foreign file, SparkError for a version above 1."""
        _, text = split_version(content, _VERSION)
        try:
            document = json.loads(text.decode("utf-8"))
            operator = document["operatorInfo"]
            stores = tuple(
                StateStoreInfo(
                    str(store["storeName"]), int(store["numColsPrefixKey"]), int(store["numPartitions"])
                )
                for store in document["stateStoreInfo"]
            )
            return cls(int(operator["operatorId"]), str(operator["operatorName"]), stores)
        except (KeyError, TypeError) as error:
            raise ValueError(f"no metadata of an operator: {error}") from error
