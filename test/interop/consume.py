"""A consumer on Qpid Proton that stays: prints "attached" whenever it is, and each message it gets, as JSON lines.

Argument: one JSON object. url, address; optional: user, password, durable (terminus durability), capabilities,
credit, and verdicts: what becomes of the first messages, the rest is accepted. SIGTERM ends it with a goodbye, so that
what it accepted is accepted.
"""

import json
import signal
import sys

from proton import Delivery, Terminus, symbol
from proton.handlers import MessagingHandler
from proton.reactor import Backoff, Container, ReceiverOption

options = json.loads(sys.argv[1])
stopping = []
signal.signal(signal.SIGTERM, lambda *_: stopping.append(True))


class Source(ReceiverOption):
    def apply(self, receiver):
        receiver.source.durability = options.get("durable", Terminus.NONDURABLE)
        for capability in options.get("capabilities", []):
            receiver.source.capabilities.put_symbol(symbol(capability))


def line(value):
    print(json.dumps(value), flush=True)


class Consumer(MessagingHandler):
    def __init__(self):
        super().__init__(prefetch=options.get("credit", 100), auto_accept=False)
        self.verdicts = list(options.get("verdicts", []))

    def on_start(self, event):
        credentials = {key: options[key] for key in ("user", "password") if key in options}
        # Else it prefers ANONYMOUS where that is offered.
        if credentials:
            credentials["allowed_mechs"] = "PLAIN"
        self.connection = event.container.connect(
            options["url"], allow_insecure_mechs=True, reconnect=Backoff(initial=0.1, max_delay=0.5), **credentials
        )
        event.container.create_receiver(self.connection, options["address"], options=[Source()])
        event.container.schedule(0.1, self)

    def on_timer_task(self, event):
        if stopping:
            self.connection.close()
        else:
            event.container.schedule(0.1, self)

    def on_link_opened(self, event):
        line("attached")

    def on_link_error(self, event):
        line({"refused": event.link.remote_condition.name})

    def on_session_error(self, event):
        line({"refused": f"{event.session.remote_condition}"})

    def on_transport_error(self, event):
        pass  # it comes back

    def on_message(self, event):
        message, delivery = event.message, event.delivery
        body = message.body
        line(
            {
                "durable": message.durable,
                "ttl": message.ttl,
                "id": message.id,
                "address": message.address,
                "subject": message.subject,
                "contentType": message.content_type,
                "creationTime": message.creation_time,
                "annotations": {str(key): value for key, value in (message.annotations or {}).items()},
                "properties": message.properties,
                "propertyKinds": {key: type(value).__name__ for key, value in message.properties.items()},
                "isData": message.inferred and isinstance(body, (bytes, memoryview)),
                "body": bytes(body).decode("utf-8"),
            }
        )
        # Telemetry may come settled: there is nothing to say about it any more.
        if delivery.settled:
            return
        verdict = self.verdicts.pop(0) if self.verdicts else "accept"
        if verdict == "modify":
            delivery.local.failed = True
        outcome = {
            "accept": Delivery.ACCEPTED,
            "release": Delivery.RELEASED,
            "modify": Delivery.MODIFIED,
            "reject": Delivery.REJECTED,
        }[verdict]
        delivery.update(outcome)
        delivery.settle()


Container(Consumer()).run()
