#!/usr/bin/env python3
"""Asks Rostelecom's call_info about calls that ended and posts each reply to Telephony Bridge.

Events tell neither how long a call was nor whether anybody answered it: only call_info does. The bridge itself is asked which
calls it knows, so this script may be down for a day and misses none. Needs Python 3.6 and nothing else; secrets come from
the environment: ROSTELECOM_CLIENT_ID, ROSTELECOM_SIGN_KEY, TELEPHONY_BRIDGE_TOKEN (telephony-bridge token create NAME --role
supervisor). Run it by systemd (Restart=always) or by cron with --once.
"""

import argparse
import datetime
import hashlib
import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

URL = "@URL@"
API = "https://api.cloudpbx.rt.ru"
KEPT = (400, 422)  # refused and kept for replay: the text says what is wrong, sending again changes nothing


def answer_of(url, body=None, headers=None):
    """The decoded JSON; raises OSError or ValueError."""
    request = urllib.request.Request(url, data=body, headers=headers or {})
    with urllib.request.urlopen(request, timeout=15) as answer:
        return json.loads(answer.read().decode("utf-8") or "{}")


def signed(body):
    """Headers that prove the body, the same in both directions: sha256 of the code, the exact bytes and the key."""
    client, key = os.environ["ROSTELECOM_CLIENT_ID"], os.environ["ROSTELECOM_SIGN_KEY"]
    proof = hashlib.sha256(client.encode() + body + key.encode()).hexdigest()
    return {"Content-Type": "application/json", "X-Client-ID": client, "X-Client-Sign": proof}


def ended_sessions(url):
    """Ids of the ended calls of today and yesterday (Moscow), as the bridge knows them."""
    base, _, rest = url.partition("/webhooks/")
    bearer = {"Authorization": "Bearer " + os.environ["TELEPHONY_BRIDGE_TOKEN"]}
    today = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=3))).date()
    for back in (1, 0):
        query = {"source": rest.split("/")[0], "date": str(today - datetime.timedelta(days=back)), "limit": "100"}
        while True:
            page = answer_of(base + "/api/v1/calls?" + urllib.parse.urlencode(query), headers=bearer)
            for call in page["items"]:
                if call["final"]:
                    yield call["call_key"]
            if not page["next"]:
                break
            query["cursor"] = page["next"]


def call_info(api, session):
    """The reply about one session, None when there is no such call."""
    body = json.dumps({"session_id": session}).encode()
    reply = answer_of(api + "/call_info", body, signed(body))
    if str(reply.get("result")) != "0" or not isinstance(reply.get("info"), dict):
        print("call_info answered %s" % reply.get("result"), file=sys.stderr)
        return None
    reply["session_id"] = session
    return reply


def taken(url, reply):
    """True once the bridge has it; says why on stderr otherwise."""
    body = json.dumps(reply, ensure_ascii=False).encode()
    try:
        answer_of(url, body, signed(body))
    except urllib.error.HTTPError as refused:
        print("answered %d: %s" % (refused.code, refused.read(500).decode("utf-8", "replace")), file=sys.stderr)
        return refused.code in KEPT
    return True


def read_place(path):
    """Sessions that were asked about before."""
    try:
        with open(path) as kept:
            return set(kept.read().split())
    except OSError:
        return set()


def write_place(path, sessions):
    with open(path + ".new", "w") as kept:
        kept.write("\n".join(sorted(sessions)) + "\n")
        kept.flush()
        os.fsync(kept.fileno())
    os.replace(path + ".new", path)


def pass_on(how):
    """Asks about every ended call once; False when somebody was not reached."""
    try:
        asked, listed = read_place(how.place), set()
        for session in ended_sessions(how.url):
            listed.add(session)
            if session in asked:
                continue
            reply = call_info(how.api, session)
            if reply is not None and not taken(how.url, reply):
                return False
            asked.add(session)
            write_place(how.place, asked)
        write_place(how.place, asked & listed)  # older ones are never listed again
        return True
    except (OSError, ValueError) as away:
        print("not reached: %s" % away, file=sys.stderr)
        return False


def main():
    told = argparse.ArgumentParser(description=__doc__)
    told.add_argument("--url", default=URL)
    told.add_argument("--api", default=API)
    told.add_argument("--place", default="/var/lib/telephony-bridge/call-info.place", help="where it remembers what it asked")
    told.add_argument("--every", type=float, default=60.0, help="seconds between looks")
    told.add_argument("--once", action="store_true")
    how = told.parse_args()
    pause = how.every
    while True:
        good = pass_on(how)
        if how.once:
            sys.exit(0 if good else 1)
        pause = how.every if good else min(pause * 2, 900.0)
        time.sleep(pause)


if __name__ == "__main__":
    main()
