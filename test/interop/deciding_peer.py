"""A messaging network on Qpid Proton that decides by address, the last part of which says what becomes of messages:

accepted, released, modified, undeliverable, rejected, full (rejected for lack of resources), silent (no outcome),
starved (no credit), refused (no link). Argument: the port. Prints "listening" once it does.
"""

import sys

from proton import Condition, Delivery, Terminus
from proton.handlers import MessagingHandler
from proton.reactor import Container


class Peer(MessagingHandler):
    def __init__(self):
        super().__init__(prefetch=0, auto_accept=False, auto_settle=False)

    def on_start(self, event):
        event.container.listen(f"127.0.0.1:{sys.argv[1]}")
        print("listening", flush=True)

    def on_link_opening(self, event):
        link = event.link
        link.target.address = link.remote_target.address
        verdict = link.remote_target.address.rsplit("/", 1)[-1]
        if verdict == "refused":
            # An attach without a target, and then the detach.
            link.target.type = Terminus.UNSPECIFIED
        elif verdict != "starved":
            link.flow(100)

    def on_link_opened(self, event):
        if event.link.target.type == Terminus.UNSPECIFIED:
            event.link.condition = Condition("amqp:unauthorized-access", "not for you")
            event.link.close()

    def on_message(self, event):
        delivery = event.delivery
        verdict = event.link.target.address.rsplit("/", 1)[-1]
        if verdict == "silent":
            return
        if verdict == "rejected":
            delivery.local.condition = Condition("amqp:not-allowed", "never")
        elif verdict == "full":
            delivery.local.condition = Condition("amqp:resource-limit-exceeded", "queue is full")
        elif verdict in ("modified", "undeliverable"):
            delivery.local.failed = True
            delivery.local.undeliverable = verdict == "undeliverable"
        delivery.update(
            {
                "accepted": Delivery.ACCEPTED,
                "released": Delivery.RELEASED,
                "modified": Delivery.MODIFIED,
                "undeliverable": Delivery.MODIFIED,
                "rejected": Delivery.REJECTED,
                "full": Delivery.REJECTED,
            }[verdict]
        )
        delivery.settle()
        event.link.flow(1)


Container(Peer()).run()
