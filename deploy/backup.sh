#!/bin/sh
# Dumps the company's schema into a file for restore.sh, with its sum and the sign of its key beside it, and prints its name.
#   sh deploy/backup.sh [DIRECTORY]
# The key that opens the addresses of channels is not in it: keep TELEPHONY_BRIDGE_SECRET_KEY (.env, or secret.key) in another place.
set -eu
umask 077
. "$(dirname "$0")/postgres/reach.sh"

directory=${1:-backups}
mkdir -p "$directory"
name=$directory/telephony-bridge-$(date -u +%Y%m%dT%H%M%SZ).dump
trap 'rm -f "$name.part"' EXIT

on_database pg_dump --format=custom --no-password --schema="$schema" >"$name.part"
if ! program pg_restore --list <"$name.part" | grep -q " TABLE DATA $schema migrations "; then
  echo "the dump holds no schema $schema; see TELEPHONY_BRIDGE_SCHEMA" >&2
  exit 1
fi
key_id >"$name.key-id"
sha256sum <"$name.part" >"$name.sha256"
mv "$name.part" "$name"
echo "$name"
