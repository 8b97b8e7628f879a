#!/bin/sh
# Posts the rows of asteriskcdrdb.cdr that ended since the last run. crontab:  * * * * * /usr/local/bin/telephony-bridge-poll.sh
URL="${BRIDGE_URL:-@URL@}"
PLACE="${BRIDGE_PLACE:-/var/lib/asterisk/telephony-bridge.place}"
MYSQL="${BRIDGE_MYSQL:-mysql asteriskcdrdb}"
PAGE="${BRIDGE_PAGE:-500}"
COLUMNS="calldate clid src dst dcontext channel dstchannel lastapp lastdata duration billsec disposition uniqueid did recordingfile cnum outbound_cnum linkedid sequence"

now=$(date '+%Y-%m-%d %H:%M:%S')
since=$(cat "$PLACE" 2>/dev/null || date -d '1 hour ago' '+%Y-%m-%d %H:%M:%S')
quoted=$(for column in $COLUMNS; do printf ",'\"',replace(ifnull(%s,''),'\"','\"\"'),'\"',','" "$column"; done)
rows=$(mktemp) && body=$(mktemp) || exit 1
trap 'rm -f "$rows" "$body"' EXIT
skip=0
while :; do
  # a step of its own: in a pipe a database that is away would look like one without rows
  $MYSQL -N -B -r -e "select concat(''$quoted) from cdr where date_add(calldate, interval duration second) >= date_sub('$since', interval 10 minute) order by calldate, uniqueid, dstchannel limit $skip, $PAGE" >"$rows" || exit 1
  [ -s "$rows" ] || break
  { echo "$COLUMNS" | tr ' ' ','; sed 's/,$//' "$rows"; } >"$body"
  status=$(curl -sS -m 30 -o /dev/null -w '%{http_code}' --data-binary "@$body" -H 'Content-Type: text/csv' "$URL")
  case "$status" in
    2?? | 400 | 422) ;; # refused bodies are kept by the bridge, sending again changes nothing
    *) exit 1 ;;        # away: the same rows go with the next run
  esac
  [ "$(wc -l <"$rows")" -ge "$PAGE" ] || break
  skip=$((skip + PAGE))
done
echo "$now" >"$PLACE"
