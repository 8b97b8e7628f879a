#!/usr/bin/env python3
"""Listens where 3CX's active-socket CDR connects, spools its lines to a file and posts them to Telephony Bridge.

Needs Python 3.6 and nothing else. Run it by systemd (Restart=always). 3CX repeats nothing: a line is on the disk before it is
posted, and leaves it only once the bridge has it.
"""

import argparse
import os
import socketserver
import sys
import threading
import time
import urllib.error
import urllib.request

URL = "@URL@"
LINES = 200  # in one request at most
KEPT = (400, 422)  # refused and kept for replay: the text says what is wrong, sending again changes nothing
LONGEST = 65536  # bytes of a line; whoever sends more is not 3CX
FIELDS = 27  # of a line; one that has them all needs no line end to be whole
FULL = 1 << 20  # bytes of taken lines after which the spool starts anew


class Spool:
    """Lines in a file, and beside it how far they were taken."""

    def __init__(self, path):
        self.path, self.place = path, path + ".place"
        self.lock = threading.Lock()
        self.mend()

    def mend(self):
        """A line that a power cut left half written gets an end, so that the next one does not hang on it."""
        with open(self.path, "ab+") as spool:
            size = spool.tell()
            if size:
                spool.seek(size - 1)
                if spool.read(1) != b"\n":
                    spool.write(b"\n")

    def add(self, line):
        with self.lock, open(self.path, "ab") as spool:
            spool.write(line)
            spool.flush()
            os.fsync(spool.fileno())

    def taken(self):
        try:
            with open(self.place) as kept:
                return int(kept.read())
        except (OSError, ValueError):
            return 0

    def next(self):
        """(the next lines, the place behind them)."""
        offset = self.taken()
        with self.lock, open(self.path, "rb") as spool:
            if offset > os.fstat(spool.fileno()).st_size:
                offset = 0
            spool.seek(offset)
            lines = []
            while len(lines) < LINES:
                line = spool.readline()
                if not line.endswith(b"\n"):
                    break
                lines.append(line)
        return b"".join(lines), offset + sum(len(line) for line in lines)

    def take(self, offset):
        """Remembers the place. A long spool that is taken to its end is emptied; a crash between the two repeats nothing."""
        with self.lock:
            if offset > FULL and offset == os.path.getsize(self.path):
                os.truncate(self.path, 0)
                offset = 0
            with open(self.place + ".new", "w") as kept:
                kept.write("%d\n" % offset)
                kept.flush()
                os.fsync(kept.fileno())
            os.replace(self.place + ".new", self.place)


class Connection(socketserver.StreamRequestHandler):
    """One connection of 3CX: it may close after a line, or stream for days."""

    def handle(self):
        while True:
            line = self.rfile.readline(LONGEST)
            if not line:
                return
            if not line.endswith(b"\n"):
                if line.count(b",") < FIELDS - 1:  # cut in the middle, or no CDR at all
                    print("a line without its end was left out: %d bytes" % len(line), file=sys.stderr)
                    return
                line += b"\r\n"
            if line.strip():
                self.server.spool.add(line)


class Listener(socketserver.ThreadingMixIn, socketserver.TCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, address, spool, allowed):
        self.spool, self.allowed = spool, allowed
        socketserver.TCPServer.__init__(self, address, Connection)

    def verify_request(self, _request, client_address):
        if self.allowed and client_address[0] not in self.allowed:
            print("refused a connection from %s" % client_address[0], file=sys.stderr)
            return False
        return True


def posted(url, body):
    """True once the bridge has the lines; says why on stderr otherwise."""
    request = urllib.request.Request(url, data=body, headers={"Content-Type": "text/csv"})
    try:
        with urllib.request.urlopen(request, timeout=15):
            return True
    except urllib.error.HTTPError as refused:
        print("answered %d: %s" % (refused.code, refused.read(500).decode("utf-8", "replace")), file=sys.stderr)
        return refused.code in KEPT
    except OSError as away:
        print("not reached: %s" % away, file=sys.stderr)
        return False


def pass_on(url, spool):
    """Posts what is spooled; False when the bridge did not take it."""
    while True:
        body, place = spool.next()
        if not body:
            return True
        if not posted(url, body):
            return False
        spool.take(place)


def main():
    told = argparse.ArgumentParser(description=__doc__)
    told.add_argument("--url", default=URL)
    told.add_argument("--listen", default="0.0.0.0:33555", help="address:port that 3CX's active socket is set to")
    told.add_argument("--pbx", action="append", default=[], help="address of the 3CX server; others are refused (repeatable)")
    told.add_argument("--spool", default="/var/lib/telephony-bridge/threecx.csv")
    told.add_argument("--every", type=float, default=1.0, help="seconds between looks at the spool")
    how = told.parse_args()
    spool = Spool(how.spool)
    host, _, port = how.listen.rpartition(":")
    listener = Listener((host, int(port)), spool, how.pbx)
    thread = threading.Thread(target=listener.serve_forever)
    thread.daemon = True
    thread.start()
    print("listening on %s:%d" % listener.server_address[:2], file=sys.stderr)
    sys.stderr.flush()
    pause = how.every
    while True:
        pause = how.every if pass_on(how.url, spool) else min(pause * 2, 60.0)
        time.sleep(pause)


if __name__ == "__main__":
    main()
