#!/bin/sh
# Brings the company's schema back from a dump of backup.sh: the whole of it, or nothing is changed. Stop door and worker first.
#   sh deploy/restore.sh FILE             into a database that does not have the schema
#   sh deploy/restore.sh FILE --replace   the schema that is there is kept under another name, and what PBXs told it since
#                                         the dump is carried over to be understood anew: no call is lost
set -eu
. "$(dirname "$0")/postgres/reach.sh"

file=${1-}
replace=${2-}
if [ ! -f "$file" ] || { [ -n "$replace" ] && [ "$replace" != --replace ]; }; then
  echo "usage: sh deploy/restore.sh FILE [--replace]" >&2
  exit 2
fi
# pg_restore 18 brings half of a file that was cut off and calls it done
if [ "$(sha256sum <"$file")" != "$(cat "$file.sha256")" ]; then
  echo "$file is not as backup.sh made it, or its .sha256 is not beside it; nothing was restored and nothing changed" >&2
  exit 1
fi
if [ -s "$file.key-id" ] && [ "$(cat "$file.key-id")" != "$(key_id)" ]; then
  echo "warning: the dump was made under another TELEPHONY_BRIDGE_SECRET_KEY; without it the addresses of channels must be entered anew" >&2
fi

ask() {
  on_database psql --no-psqlrc --no-password --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 "$@"
}

aside=
if [ "$(ask --command="select count(*) from pg_namespace where nspname = '$schema'")" = 1 ]; then
  if [ -z "$replace" ]; then
    echo "the schema $schema is there; --replace keeps it under another name and puts the dump in its place" >&2
    exit 1
  fi
  aside=$(printf '%.42s' "$schema")_until_$(date -u +%Y%m%dt%H%M%Sz)
fi

carry_over() { # a delivery is the same bytes to the same source on a day, as for the door
  cat <<END
select to_regclass('"$aside".deliveries') is not null as carried \\gset
\\if :carried
insert into "$schema".deliveries (source_id, received_at, received_on, digest, method, tail, query, headers, body, outcome, due_at)
select source_id, received_at, received_on, digest, method, tail, query, headers, body, 'waiting', received_at
from "$aside".deliveries where source_id in (select id from "$schema".sources) order by id
on conflict (received_on, source_id, digest) do nothing;
\\endif
END
}

readers() { # who may read the views are roles of the whole server: a dump names them and does not bring them
  program pg_restore --schema-only --file=- <"$file" | sed -n 's/^GRANT .* TO \([a-z_][a-z0-9_]*\);$/\1/p' | sort -u |
    while read -r role; do
      there="from pg_roles where rolname = '$role'"
      echo "do \$\$ begin if not exists (select $there) then create role $role; end if; end \$\$;"
    done
}

# Where pg_restore fails psql comes to its end without a commit, and so nothing has changed.
if ! {
  echo 'begin;'
  [ -z "$aside" ] || echo "alter schema \"$schema\" rename to \"$aside\";"
  readers
  if program pg_restore --no-owner --file=- <"$file"; then
    [ -z "$aside" ] || carry_over
    echo 'commit;'
    echo "select 'restored';"
  fi
} | ask | grep -x restored >/dev/null; then
  echo "nothing was restored and nothing changed" >&2
  exit 1
fi
ask --command="select format('analyze %I.%I;', schemaname, tablename) from pg_tables where schemaname = '$schema'" | ask
waiting=$(ask --command="select count(*) from \"$schema\".deliveries where outcome = 'waiting'")
echo "$schema is restored to migration $(ask --command="select max(version) from \"$schema\".migrations"); $waiting deliveries wait for the worker"
[ -z "$aside" ] || echo "what was there is kept as the schema $aside; drop it when nobody needs it"
