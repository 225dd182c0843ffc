"""A device on Qpid Proton: connects, uploads, and prints what became of each message, one line each.

Arguments: URL, user name, password, then addresses to send to.
"""

import sys

from proton import Message, ProtonException
from proton.utils import BlockingConnection

url, username, password, *addresses = sys.argv[1:]
try:
    connection = BlockingConnection(
        url, user=username, password=password, allow_insecure_mechs=True, allowed_mechs="PLAIN", timeout=5
    )
except ProtonException as error:
    print("refused", flush=True)
    sys.exit(0)
sender = connection.create_sender(None)
for address in addresses:
    try:
        sender.send(Message(address=address, body=b"21.5", content_type="text/plain"))
        print("accepted", flush=True)
    except ProtonException as error:
        print(str(error).lower(), flush=True)
connection.close()
