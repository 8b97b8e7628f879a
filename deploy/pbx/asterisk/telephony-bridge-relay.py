#!/usr/bin/env python3
"""Posts new lines of Master.csv to Telephony Bridge and remembers how far it came once they were taken.

Needs Python 3.6 and nothing else. Run it by systemd (Restart=always) or by cron with --once.
"""

import argparse
import os
import sys
import time
import urllib.error
import urllib.request

URL = "@URL@"
LINES = 200  # in one request at most
KEPT = (400, 422)  # refused and kept for replay: the text says what is wrong, sending again changes nothing


def taken(url, body):
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


def read_place(path):
    """(inode, offset) of what was taken so far."""
    try:
        with open(path) as kept:
            inode, offset = kept.read().split()
            return int(inode), int(offset)
    except (OSError, ValueError):
        return 0, 0


def write_place(path, inode, offset):
    with open(path + ".new", "w") as kept:
        kept.write("%d %d\n" % (inode, offset))
        kept.flush()
        os.fsync(kept.fileno())
    os.replace(path + ".new", path)


def moved(path, inode):
    """Where log rotation put the file that was being read; None when it is gone or packed."""
    folder = os.path.dirname(os.path.abspath(path))
    for name in sorted(os.listdir(folder)):
        if name.startswith(os.path.basename(path)) and os.stat(os.path.join(folder, name)).st_ino == inode:
            return os.path.join(folder, name)
    return None


def pass_on(url, path, place):
    """Posts what is new; False when the bridge did not take it."""
    try:
        inode = os.stat(path).st_ino
        before, offset = read_place(place)
        if before not in (0, inode):  # rotated: first what the old file still holds, then the new one from its start
            old = moved(path, before)
            if old is not None and not pass_file(url, old, before, offset, place):
                return False
            offset = 0
        return pass_file(url, path, inode, offset, place)
    except OSError as missing:
        print(missing, file=sys.stderr)
        return False


def pass_file(url, path, inode, offset, place):
    with open(path, "rb") as source:
        if offset > os.fstat(source.fileno()).st_size:  # emptied in place
            offset = 0
        source.seek(offset)
        while True:
            lines = []
            while len(lines) < LINES:
                line = source.readline()
                if not line.endswith(b"\n"):  # the end, or a line that is still being written
                    break
                lines.append(line)
            if not lines:
                return True
            if not taken(url, b"".join(lines)):
                return False
            offset += sum(len(line) for line in lines)
            write_place(place, inode, offset)


def main():
    told = argparse.ArgumentParser(description=__doc__)
    told.add_argument("--url", default=URL)
    told.add_argument("--file", default="/var/log/asterisk/cdr-csv/Master.csv")
    told.add_argument("--place", default="/var/lib/asterisk/telephony-bridge.place", help="where it remembers how far it came")
    told.add_argument("--every", type=float, default=1.0, help="seconds between looks at the file")
    told.add_argument("--once", action="store_true")
    how = told.parse_args()
    pause = how.every
    while True:
        good = pass_on(how.url, how.file, how.place)
        if how.once:
            sys.exit(0 if good else 1)
        pause = how.every if good else min(pause * 2, 60.0)
        time.sleep(pause)


if __name__ == "__main__":
    main()
