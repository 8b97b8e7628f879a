# Sourced by backup.sh and restore.sh: which Postgres, which schema, which key.
# The Postgres is that of TELEPHONY_BRIDGE_DATABASE_URL, else the one of docker compose in this directory.
# shellcheck shell=sh

setting() { # TELEPHONY_BRIDGE_$1: the environment's, else that of .env here
  told=$(printenv "TELEPHONY_BRIDGE_$1" || true)
  if [ -z "$told" ] && [ -f .env ]; then
    told=$(sed -n "s/^TELEPHONY_BRIDGE_$1=//p" .env | tail -n 1)
  fi
  printf '%s' "$told"
}

url=$(setting DATABASE_URL)
schema=$(setting SCHEMA)
schema=${schema:-telephony_bridge}

login=${url#*://}
login=${login%%[@/]*}
case $url in
  *://"$login"@*)
    case $login in
      *%*) ;; # an encoded password stays in the URL
      *:*) # the list of processes shows a URL to everybody
        PGPASSWORD=${login#*:}
        export PGPASSWORD
        url="${url%%://*}://${login%%:*}@${url#*"$login"@}"
        ;;
    esac
    ;;
esac

program() { # a program of Postgres
  if [ -n "$url" ]; then "$@"; else docker compose exec -T postgres "$@"; fi
}

on_database() { # the same, on the company's database
  if [ -n "$url" ]; then "$@" --dbname="$url"; else docker compose exec -T postgres "$@" --username=bridge --dbname=bridge; fi
}

key_id() { # tells two keys apart, and no more
  key=$(setting SECRET_KEY)
  data=$(setting DATA_DIR)
  if [ -z "$key" ] && [ -f "${data:-./var}/secret.key" ]; then
    key=$(cat "${data:-./var}/secret.key")
  fi
  [ -z "$key" ] || printf 'telephony-bridge key id:%s' "$key" | sha256sum | cut -c 1-16
}
