"""A device on Qpid Proton that does as it is told.

Arguments: URL, user name, password, container-id. Says whether it is `connected` or `refused`, and leaves when it reads a line.
"""

import sys

from proton import ProtonException, Timeout, symbol
from proton.reactor import Container
from proton.utils import BlockingConnection

url, username, password, container_id = sys.argv[1:]
container = Container()
container.container_id = container_id
try:
    connection = BlockingConnection(
        url,
        timeout=5,
        container=container,
        user=username,
        password=password,
        allow_insecure_mechs=True,
        allowed_mechs="PLAIN",
        desired_capabilities=[symbol("sole-connection-for-container")],
    )
    # Some refusals are told once the connection is open.
    connection.wait(lambda: False, timeout=0.1)
except Timeout:
    print("connected", flush=True)
except ProtonException:
    print("refused", flush=True)
    sys.exit(0)
sys.stdin.readline()
connection.close()
