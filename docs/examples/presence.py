#!/usr/bin/env python3
"""Asks the presence service who left in the last hour, who is online, and which devices flap; then follows each change.
With a device: also how that one is, and whether it was connected at a time. Python 3.9 or later, and nothing else.

    python3 presence.py [URL [TENANT [DEVICE [TIME]]]]     # TIME as 2026-11-28T12:00:00Z

Where the service wants a token, it stands in the environment: PRESENCE_TOKEN.
"""
import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

SERVICE, TENANT, DEVICE, TIME = (sys.argv[1:] + [None] * 4)[:4]
SERVICE = SERVICE or "http://127.0.0.1:8090"
TENANT = urllib.parse.quote(TENANT or "DEFAULT_TENANT", safe="")


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


def between(end):
    """The adapter saw the end at `at`; the device really left at some time in here."""
    return f"between {end['left-between']['from']} and {end['left-between']['to']}"


def about(device):
    path = "devices/" + urllib.parse.quote(device, safe="")
    now = json.load(ask(path))
    print(f"{device} is {now['status']} since {now.get('since', 'a time that is not known')}", flush=True)
    if now["status"] == "offline":
        end = now["last-ending"]
        print(f"{device} left: {end['reason']}, {between(end)}", flush=True)
    if TIME:
        at = json.load(ask(f"{path}/at?time={urllib.parse.quote(TIME, safe='')}"))
        why = f" ({at['because']})" if "because" in at else ""
        print(f"was {device} connected at {TIME}? {at['answer']}{why}", flush=True)


def main():
    for end in pages("endings?", "endings"):
        print(f"{end['device']} left at {end['at']}: {end['reason']}; now it is {end['status']}", flush=True)
    for device in pages("devices?status=online&", "devices"):
        first = device["connections"][0]
        print(f"{device['device']} is online since {device['since']} over {first['protocol']}", flush=True)
    for flaps in json.load(ask("summary"))["flapping"]:
        print(f"{flaps['device']} flaps: {flaps['changes']} changes in the last hour", flush=True)
    if DEVICE:
        about(DEVICE)
    for kind, said in events():
        if kind == "change" and said["status"] == "offline":
            end = said["last-ending"]
            print(f"{said['device']} left: {end['reason']}, {between(end)}", flush=True)
        elif kind == "change":
            print(f"{said['device']} is {said['status']}", flush=True)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
