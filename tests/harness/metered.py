"""A way to the store that counts what DynamoDB would charge for: write and read request units, on demand.

By the documented rules ("DynamoDB read and write operations"): a write takes one unit for each KB of the item
begun, a strongly consistent read one for each 4 KB, a query one for each 4 KB of all it reads together; within a
transaction a write takes two for each KB. Sizes are of names and values ("DynamoDB item sizes and formats"). What a
delete or a check finds is not seen here, and is counted as one KB: the record deletes nothing larger.
"""

import base64
import http.client
import json
import math
import threading
from collections import Counter
from dataclasses import dataclass, field

from harness.faulty import FaultyWay

KB = 1024


def size_of(value: dict) -> int:
    [(kind, held)] = value.items()
    if kind == "S":
        return len(held.encode())
    if kind == "N":
        return math.ceil(len(held.lstrip("-0").replace(".", "")) / 2) + 1
    if kind == "B":
        return len(base64.b64decode(held))
    if kind == "L":
        return 3 + sum(1 + size_of(element) for element in held)
    raise AssertionError(f"the record has no {kind}")


def item_bytes(item: dict) -> int:
    return sum(len(name.encode()) + size_of(value) for name, value in item.items())


def units(size: int, unit: int) -> int:
    return max(1, math.ceil(size / unit))


@dataclass
class Charged:
    """What was asked of the store."""

    writes: float = 0
    reads: float = 0
    calls: Counter = field(default_factory=Counter)

    def __sub__(self, other: "Charged") -> "Charged":
        return Charged(self.writes - other.writes, self.reads - other.reads, self.calls - other.calls)

    def copy(self) -> "Charged":
        return Charged(self.writes, self.reads, Counter(self.calls))


class MeteredWay(FaultyWay):
    """Loses nothing, and counts."""

    def __init__(self, store_port: int):
        self.charged = Charged()
        self.counting = threading.Lock()
        super().__init__(store_port)

    def pass_on(self, asked) -> None:
        body = asked.rfile.read(int(asked.headers.get("content-length", 0)))
        operation = asked.headers.get("x-amz-target", "").rsplit(".", 1)[-1]
        onward = http.client.HTTPConnection("127.0.0.1", self.store_port, timeout=30)
        headers = {name: value for name, value in asked.headers.items() if name.lower() not in ("host", "connection")}
        onward.request("POST", asked.path, body, headers | {"Host": f"127.0.0.1:{self.store_port}"})
        answer = onward.getresponse()
        status, text = answer.status, answer.read()
        onward.close()
        self.count(operation, json.loads(body or b"{}"), json.loads(text or b"{}"))
        self.reply(asked, status, text)

    def count(self, operation: str, asked: dict, answered: dict) -> None:
        writes = reads = 0
        if operation == "PutItem":
            writes = units(item_bytes(asked["Item"]), KB)
        elif operation == "DeleteItem":
            writes = 1
        elif operation == "TransactWriteItems":
            for action in asked["TransactItems"]:
                put = action.get("Put")
                writes += 2 * (units(item_bytes(put["Item"]), KB) if put else 1)
        elif operation == "GetItem":
            reads = units(item_bytes(answered.get("Item", {})), 4 * KB)
        elif operation == "BatchGetItem":
            for table, keys in asked["RequestItems"].items():
                found = answered.get("Responses", {}).get(table, [])
                reads += sum(units(item_bytes(item), 4 * KB) for item in found) + len(keys["Keys"]) - len(found)
        elif operation == "Query":
            reads = units(sum(item_bytes(item) for item in answered.get("Items", [])), 4 * KB)
        with self.counting:
            self.charged.writes += writes
            self.charged.reads += reads
            self.charged.calls[operation] += 1
