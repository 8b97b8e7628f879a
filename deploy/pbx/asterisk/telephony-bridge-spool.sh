#!/bin/sh
# Posts what the hangup handler left in the spool, deletes what was taken, leaves the rest for the next minute.
# crontab:  * * * * * /usr/local/bin/telephony-bridge-spool.sh
URL="${BRIDGE_URL:-@URL@}"
SPOOL="${BRIDGE_SPOOL:-/var/spool/telephony-bridge}"

exec 9>"$SPOOL/.lock" || exit 1
flock -n 9 || exit 0 # the run before is still at it

find "$SPOOL" -name '*.form' ! -newermt '2 seconds ago' | sort | while IFS= read -r body; do
  status=$(curl -sS -m 15 -o /dev/null -w '%{http_code}' --data-binary "@$body" \
    -H 'Content-Type: application/x-www-form-urlencoded' "$URL")
  case "$status" in
    2??) rm -f "$body" ;;
    400 | 422) mv "$body" "$body.refused" ;; # kept by the bridge too: telephony-bridge deliveries list --outcome malformed
    *) exit 1 ;;                             # away: the rest waits as well
  esac
done
