"""Devices of one protocol on a library that is not ours, which do what they are told, a line of JSON each.

Argument: `mqtt` (Paho), `amqp` (Qpid Proton), `http` (libcurl) or `coap` (aiocoap, on TinyDTLS). A line in has `call`, `device`, and
what to do: `open` with `port`, `username`, `password` and perhaps `ca`; `send`; `end`. A line out has `call`, and what went wrong, or
null.
"""

import asyncio
import json
import sys
import threading

WITHIN_S = 30
BODY = b"x" * 100


class Paho:
    def __init__(self, port, username, password, ca):
        from paho.mqtt.client import CallbackAPIVersion, Client

        self.answer = threading.Event()
        self.reason = None
        self.client = Client(CallbackAPIVersion.VERSION2, client_id=username.split("@")[0])
        self.client.username_pw_set(username, password)
        if ca:
            self.client.tls_set(ca)
        self.client.on_connect = self.on_connect
        self.client.connect("localhost" if ca else "127.0.0.1", port, keepalive=600)
        self.client.loop_start()
        if not self.answer.wait(WITHIN_S):
            raise Exception("no CONNACK")
        if self.reason.is_failure:
            self.end()
            raise Exception(f"CONNACK {self.reason}")

    def on_connect(self, client, userdata, flags, reason, properties):
        # It would come back by itself, and nobody would know that it had to.
        if self.answer.is_set():
            self.reason = None
        else:
            self.reason = reason
            self.answer.set()

    def send(self):
        self.client.publish("telemetry", BODY, qos=1).wait_for_publish(WITHIN_S)
        if not self.reason:
            raise Exception("came back")

    def end(self):
        self.client.disconnect()
        self.client.loop_stop()


class Proton:
    def __init__(self, port, username, password, ca):
        from proton import SSLDomain
        from proton.utils import BlockingConnection

        tls = None
        if ca:
            tls = SSLDomain(SSLDomain.MODE_CLIENT)
            tls.set_trusted_ca_db(ca)
            tls.set_peer_authentication(SSLDomain.VERIFY_PEER_NAME)
        self.connection = BlockingConnection(
            f"amqps://localhost:{port}" if ca else f"amqp://127.0.0.1:{port}",
            timeout=WITHIN_S,
            user=username,
            password=password,
            allow_insecure_mechs=True,
            allowed_mechs="PLAIN",
            ssl_domain=tls,
        )
        self.sender = self.connection.create_sender(None)

    def send(self):
        from proton import Message

        # Raises where it is not accepted.
        self.sender.send(Message(address="telemetry", body=BODY, content_type="text/plain"))

    def end(self):
        self.connection.close()


class Curl:
    def __init__(self, port, username, password, ca):
        import pycurl

        self.curl = pycurl.Curl()
        self.curl.setopt(pycurl.URL, f"https://localhost:{port}/telemetry" if ca else f"http://127.0.0.1:{port}/telemetry")
        self.curl.setopt(pycurl.USERPWD, f"{username}:{password}")
        self.curl.setopt(pycurl.HTTPHEADER, ["content-type: text/plain", "qos-level: 1"])
        self.curl.setopt(pycurl.POSTFIELDS, BODY.decode())
        self.curl.setopt(pycurl.WRITEFUNCTION, lambda answer: len(answer))
        self.curl.setopt(pycurl.TIMEOUT, WITHIN_S)
        self.curl.setopt(pycurl.NOSIGNAL, 1)
        if ca:
            self.curl.setopt(pycurl.CAINFO, ca)

    def send(self):
        import pycurl

        self.curl.perform()
        status = self.curl.getinfo(pycurl.RESPONSE_CODE)
        if status != 202:
            raise Exception(f"status {status}")

    def end(self):
        self.curl.close()


class Aiocoap:
    loop = None

    @classmethod
    def run(cls, work):
        if cls.loop is None:
            cls.loop = asyncio.new_event_loop()
            threading.Thread(target=cls.loop.run_forever, daemon=True).start()
        return asyncio.run_coroutine_threadsafe(asyncio.wait_for(work, WITHIN_S), cls.loop).result()

    def __init__(self, port, username, password, ca):
        from aiocoap import Context

        async def open_context():
            # The handshake takes place with the first request.
            self.context = await Context.create_client_context(transports=["tinydtls"])
            dtls = {"psk": {"ascii": password}, "client-identity": {"ascii": username}}
            self.context.client_credentials.load_from_dict({f"{self.host}/*": {"dtls": dtls}})

        self.host = f"coaps://127.0.0.1:{port}"
        self.run(open_context())

    def send(self):
        from aiocoap import POST, Message

        async def post():
            request = Message(code=POST, uri=f"{self.host}/telemetry", payload=BODY)
            return await self.context.request(request).response

        answer = self.run(post())
        # aiocoap closes an association to which nothing refers any more: a pause would be a goodbye.
        self.remote = answer.remote
        if answer.code.dotted != "2.04":
            raise Exception(answer.code.dotted)

    def end(self):
        self.run(self.context.shutdown())


KINDS = {"mqtt": Paho, "amqp": Proton, "http": Curl, "coap": Aiocoap}


def main(protocol):
    kind = KINDS[protocol]
    devices = {}
    printing = threading.Lock()

    def obey(call, device, todo, door):
        problem = None
        try:
            if todo == "open":
                devices[device] = kind(**door)
            elif todo == "send":
                devices[device].send()
            else:
                devices.pop(device).end()
        except Exception as error:
            problem = f"{type(error).__name__} {error}"
        with printing:
            print(json.dumps({"call": call, "problem": problem}), flush=True)

    if kind is Aiocoap:
        # What it has to import takes a second, once.
        kind.run(asyncio.sleep(0))
        import aiocoap.transports.tinydtls  # noqa: F401
    for line in sys.stdin:
        threading.Thread(target=obey, kwargs=json.loads(line), daemon=True).start()


main(*sys.argv[1:])
