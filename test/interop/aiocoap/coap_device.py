"""A CoAP device on aiocoap, over DTLS with a shared key.

Arguments: port, identity, key, then the paths it posts to in turn. It prints the code of each answer, or `silence`.
"""

import asyncio
import sys

from aiocoap import POST, Context, Message
from aiocoap.numbers import ContentFormat

WITHIN_S = 4


async def post(context, uri):
    request = Message(code=POST, uri=uri, payload=b"x" * 3, content_format=ContentFormat.TEXT)
    try:
        answer = await asyncio.wait_for(context.request(request).response, WITHIN_S)
    except Exception:
        return "silence"
    return answer.code.dotted


async def main(port, identity, key, *paths):
    context = await Context.create_client_context(transports=["tinydtls"])
    host = f"coaps://127.0.0.1:{port}"
    dtls = {"psk": {"ascii": key}, "client-identity": {"ascii": identity}}
    context.client_credentials.load_from_dict({f"{host}/*": {"dtls": dtls}})
    for path in paths:
        print(await post(context, f"{host}/{path}"), flush=True)
    await context.shutdown()


asyncio.run(main(*sys.argv[1:]))
