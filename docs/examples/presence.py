#!/usr/bin/env python3
"""Asks the presence service who left in the last hour, and who is online, then follows each change. Python 3.9 or later, and nothing else.

    python3 presence.py [URL [TENANT]]     # PRESENCE_TOKEN: where the service wants a token
"""
import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

SERVICE = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8090"
TENANT = urllib.parse.quote(sys.argv[2] if len(sys.argv) > 2 else "DEFAULT_TENANT", safe="")


def ask(path, headers=None, timeout=10):
    token = os.environ.get("PRESENCE_TOKEN")
    request = urllib.request.Request(f"{SERVICE}/v1/tenants/{TENANT}/{path}", headers=headers or {})
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    return urllib.request.urlopen(request, timeout=timeout)


def pages(path, name):
    """All entries of a list, page by page. A page may be empty, and not the last."""
    cursor = ""
    while True:
        page = json.load(ask(f"{path}limit=500{cursor}"))
        yield from page[name]
        if "next" not in page:
            return
        cursor = "&cursor=" + urllib.parse.quote(page["next"], safe="")


def events():
    """The stream: it goes on without a gap where the connection breaks. The server sends something each 15 s."""
    last_id = None
    while True:
        try:
            kind, data = None, []
            for line in ask("watch", {"Last-Event-ID": last_id} if last_id else {}, timeout=60):
                name, _, value = line.decode().rstrip("\n").partition(": ")
                if name == "event":
                    kind = value
                elif name == "id":
                    last_id = value
                elif name == "data":
                    data.append(value)
                elif not name and data:
                    yield kind, json.loads("\n".join(data))
                    kind, data = None, []
        except urllib.error.HTTPError as error:
            if error.code < 500:
                raise
        except OSError:
            pass
        time.sleep(2)


def main():
    for end in pages("endings?", "endings"):
        print(f"{end['device']} left at {end['at']}: {end['reason']}; now it is {end['status']}", flush=True)
    for device in pages("devices?status=online&", "devices"):
        first = device["connections"][0]
        print(f"{device['device']} is online since {device['since']} over {first['protocol']}", flush=True)
    for kind, said in events():
        if kind == "change" and said["status"] == "offline":
            end = said["last-ending"]
            between = end["left-between"]
            print(f"{said['device']} left: {end['reason']}, between {between['from']} and {between['to']}", flush=True)
        elif kind == "change":
            print(f"{said['device']} is {said['status']}", flush=True)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
