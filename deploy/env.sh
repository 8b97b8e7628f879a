#!/bin/sh
# Makes .env for docker compose: the public address, and a secret of its own for each place. Prints no secret, overwrites nothing.
#   sh deploy/env.sh https://bridge.example.com [FILE]
set -eu
umask 077

address=${1-}
file=${2:-.env}
if [ -e "$file" ]; then
  echo "$file is there already and holds the keys of this company; move it away by hand if you mean to lose them" >&2
  exit 1
fi
if [ -z "$address" ] && [ -t 0 ]; then
  printf 'The public address, such as https://bridge.example.com: ' >&2
  read -r address
fi
address=${address%/}
host=${address#https://}
case $host in
  "$address" | "" | *[!A-Za-z0-9.:-]*)
    echo "the public address: read '$address', expected https:// and a host such as https://bridge.example.com" >&2
    exit 2
    ;;
esac

secret() { # 64 hexadecimal digits: they need no quotes in a URL, a shell or a compose file
  made=$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')
  [ "${#made}" -eq 64 ] || { echo "/dev/urandom gave no randomness" >&2; exit 1; }
  printf '%s' "$made"
}

postgres=$(secret) admin=$(secret) key=$(secret) grafana=$(secret) reader=$(secret)
set -C # never over a file that came meanwhile
cat >"$file" <<END
# Keep a copy of this file in another place: without TELEPHONY_BRIDGE_SECRET_KEY no channel's address in a backup can be opened.
TELEPHONY_BRIDGE_PUBLIC_URL=$address
TELEPHONY_BRIDGE_ADMIN_TOKEN=$admin
TELEPHONY_BRIDGE_SECRET_KEY=$key
POSTGRES_PASSWORD=$postgres
GRAFANA_ADMIN_PASSWORD=$grafana
GRAFANA_READER_PASSWORD=$reader
TLS_DIR=./deploy/tls
# The company's schema, clock, phone region and language (ru, en):
TELEPHONY_BRIDGE_SCHEMA=telephony_bridge
TELEPHONY_BRIDGE_TIMEZONE=Europe/Moscow
TELEPHONY_BRIDGE_REGION=RU
TELEPHONY_BRIDGE_LANGUAGE=ru
END
here=$(dirname "$0")
[ -e "$here/channels.env" ] || echo "# NAME=URL, a line for each address that is entered as env:NAME" >"$here/channels.env"
(umask 022 && mkdir -p "$here/tls" "$here/acme" "$here/secrets") # read by who is not root
echo "$file is made (0600). Keep a copy of it in another place; put fullchain.pem and privkey.pem into deploy/tls." >&2
