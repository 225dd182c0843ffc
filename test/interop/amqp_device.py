"""A device on Qpid Proton: connects, uploads, and prints what became of each message, one line each.

Arguments: URL, user name, password, then addresses to send to; or URL, `--certificate`, files (CA,certificate,key), addresses.
A user name `anonymous` logs in without a word.
"""

import sys

from proton import Message, ProtonException, SSLDomain
from proton.utils import BlockingConnection

url, username, password, *addresses = sys.argv[1:]
if username == "--certificate":
    ca, certificate, key = password.split(",")
    domain = SSLDomain(SSLDomain.MODE_CLIENT)
    domain.set_trusted_ca_db(ca)
    domain.set_peer_authentication(SSLDomain.VERIFY_PEER_NAME)
    domain.set_credentials(certificate, key, None)
    login = {"ssl_domain": domain, "allowed_mechs": "EXTERNAL"}
elif username == "anonymous":
    login = {"allowed_mechs": "ANONYMOUS"}
else:
    login = {"user": username, "password": password, "allow_insecure_mechs": True, "allowed_mechs": "PLAIN"}
try:
    connection = BlockingConnection(url, timeout=5, **login)
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
