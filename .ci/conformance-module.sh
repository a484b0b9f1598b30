#!/usr/bin/env bash
# One job of a conformance ring: the scenarios of one module against a database of its own. Everything comes as
# arguments: servers of this kind also read their configuration from the environment.
set -u -o pipefail
root=$1 folder=$2 python=$3 server=$4 database=$5 POSTGRES_PORT=$6 MARIADB_PORT=$7 ours=$8 module=$9
logs=$folder
cd "$root" || exit 0
. .ci/install.sh
. .ci/services.sh
case $database in
  sqlite) dsn='sqlite://{dir}/bia.sqlite?_fk=true&mode=rwc' ;;
  postgres) dsn=$(postgres_database "conform_$module") ;;
  mariadb) dsn=$(mariadb_database "conform_$module") ;;
esac
# The kit keeps configurations and server logs there; they stay when something failed.
export TMPDIR=$folder/$module.servers
mkdir -p "$TMPDIR"
grep "^$module/" "$folder/must.txt" >"$folder/$module.must"
[ -z "$ours" ] || server="$root/.ci/with-bia.sh $server"
PYTHONDONTWRITEBYTECODE=1 "$python" conformance/conform check -m "$module" --must "$folder/$module.must" --dsn "$dsn" \
  --prepare "$server migrate sql up -e --yes -c {config}" \
  --server "$server serve --dev --watch-courier -c {config}" >"$folder/$module.log" 2>&1 && rm -rf "$TMPDIR"
find "$folder" -path "$folder/$module.servers/*.sqlite*" -delete 2>/dev/null
echo "$module: $(grep -E '^[0-9]+ (of|passed)' "$folder/$module.log" | paste -s -d ';')"
# Failures are read from the logs; xargs is to go on.
exit 0
