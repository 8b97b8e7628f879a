#!/bin/sh
# Posts the rows of asteriskcdrdb.cdr that ended since the last run. crontab:  * * * * * /usr/local/bin/telephony-bridge-poll.sh
URL="${BRIDGE_URL:-@URL@}"
PLACE="${BRIDGE_PLACE:-/var/lib/asterisk/telephony-bridge.place}"
MYSQL="${BRIDGE_MYSQL:-mysql asteriskcdrdb}"
COLUMNS="calldate clid src dst dcontext channel dstchannel lastapp lastdata duration billsec disposition uniqueid did recordingfile cnum outbound_cnum linkedid sequence"

now=$(date '+%Y-%m-%d %H:%M:%S')
since=$(cat "$PLACE" 2>/dev/null || date -d '1 hour ago' '+%Y-%m-%d %H:%M:%S')
quoted=$(for column in $COLUMNS; do printf ",'\"',replace(ifnull(%s,''),'\"','\"\"'),'\"',','" "$column"; done)
rows=$(mktemp) || exit 1
trap 'rm -f "$rows"' EXIT
{
  echo "$COLUMNS" | tr ' ' ','
  $MYSQL -N -B -r -e "select concat(''$quoted) from cdr where date_add(calldate, interval duration second) >= date_sub('$since', interval 10 minute) order by calldate limit 500"
} | sed 's/,$//' >"$rows" || exit 1

[ "$(wc -l <"$rows")" -gt 1 ] || { echo "$now" >"$PLACE"; exit 0; }
status=$(curl -sS -m 30 -o /dev/null -w '%{http_code}' --data-binary "@$rows" -H 'Content-Type: text/csv' "$URL")
case "$status" in
  2?? | 400 | 422) echo "$now" >"$PLACE" ;; # refused bodies are kept by the bridge, sending again changes nothing
  *) exit 1 ;;                              # away: the same rows go with the next run
esac
