"""Receives messages with Qpid Proton and prints what it got, one JSON object a line: read_events.py URL ADDRESS COUNT"""

import json
import sys

from proton import symbol
from proton.utils import BlockingConnection

url, address, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
connection = BlockingConnection(url, timeout=20)
receiver = connection.create_receiver(address, credit=count)
print(json.dumps("attached"), flush=True)

for _ in range(count):
    message = receiver.receive(timeout=20)
    body = message.body
    print(
        json.dumps(
            {
                "durable": message.durable,
                "ttl": message.ttl,
                "id": message.id,
                "address": message.address,
                "contentType": message.content_type,
                "contentTypeKind": type(message.content_type).__name__,
                "creationTime": message.creation_time,
                "annotations": {str(key): value for key, value in (message.annotations or {}).items()},
                "properties": message.properties,
                "propertyKinds": {key: type(value).__name__ for key, value in message.properties.items()},
                "isData": message.inferred and isinstance(body, (bytes, memoryview)),
                "body": bytes(body).decode("utf-8"),
            }
        ),
        flush=True,
    )
    # Telemetry comes settled: there is nothing to say about it any more.
    if receiver.fetcher.unsettled:
        receiver.accept()

connection.close()
