# Private database servers: data folders, loopback ports and processes of this run only. Sourced, not run.

# as USER COMMAND…: root hands over to USER, as neither server runs as root; anybody else stays who they are.
# The command replaces the shell, so that its process id is the server's own.
as() {
  local user=$1
  shift
  if [ "$(id -u)" -eq 0 ]; then
    exec setpriv --reuid="$user" --regid="$user" --init-groups "$@"
  fi
  exec "$@"
}

# private_folder NAME USER: a folder under $work that USER owns.
private_folder() {
  mkdir -p "$work/$1" && { [ "$(id -u)" -ne 0 ] || chown "$2" "$work/$1"; }
}

# start_postgres [OPTION…]: sets POSTGRES_PORT; further calls do nothing. Without options nothing is synced to
# disk, which is right for tests and wrong for measurements.
start_postgres() {
  [ -z "${POSTGRES_PORT:-}" ] || return 0
  need_postgres || return 1
  local bin folder=$work/postgres options=("$@")
  [ $# -gt 0 ] || options=(-c fsync=off -c synchronous_commit=off -c full_page_writes=off)
  bin=$(postgres_folder)
  private_folder postgres postgres || return 1
  (cd "$folder" && as postgres "$bin/initdb" -D "$folder/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync) >"$logs/initdb.log" 2>&1 ||
    { tail -n 20 "$logs/initdb.log"; return 1; }
  POSTGRES_PORT=$(free_port)
  start postgres INT as postgres "$bin/postgres" -D "$folder/data" -p "$POSTGRES_PORT" -k "$folder" \
    -c listen_addresses=127.0.0.1 -c max_connections=300 "${options[@]}"
  wait_for postgres 60 "$bin/pg_isready" -q -h 127.0.0.1 -p "$POSTGRES_PORT" || { POSTGRES_PORT=""; return 1; }
}

# postgres_database NAME: a new, empty database; prints its DSN.
postgres_database() {
  "$(postgres_folder)/psql" -q -h 127.0.0.1 -p "$POSTGRES_PORT" -U postgres -v ON_ERROR_STOP=1 postgres \
    -c "DROP DATABASE IF EXISTS $1" -c "CREATE DATABASE $1" 2>/dev/null >&2 || return 1
  echo "postgres://postgres@127.0.0.1:$POSTGRES_PORT/$1?sslmode=disable"
}

# start_mariadb [OPTION…]: sets MARIADB_PORT; further calls do nothing. Synced to disk as with start_postgres.
start_mariadb() {
  [ -z "${MARIADB_PORT:-}" ] || return 0
  need_mariadb || return 1
  local folder=$work/mariadb options=("$@")
  [ $# -gt 0 ] || options=(--innodb-flush-log-at-trx-commit=0 --innodb-doublewrite=0)
  private_folder mariadb mysql || return 1
  (as mysql mariadb-install-db --no-defaults --datadir="$folder/data" --auth-root-authentication-method=normal --skip-test-db) \
    >"$logs/mariadb-install-db.log" 2>&1 || { tail -n 20 "$logs/mariadb-install-db.log"; return 1; }
  MARIADB_PORT=$(free_port)
  start mariadb TERM as mysql "$(command -v mariadbd)" --no-defaults --datadir="$folder/data" --socket="$folder/socket" --pid-file="$folder/pid" \
    --bind-address=127.0.0.1 --port="$MARIADB_PORT" --max-connections=300 --character-set-server=utf8mb4 \
    --skip-log-bin "${options[@]}"
  wait_for mariadb 60 mariadb_sql "SELECT 1" || { MARIADB_PORT=""; return 1; }
}

mariadb_sql() {
  mariadb --no-defaults --protocol=tcp -h 127.0.0.1 -P "$MARIADB_PORT" -u root -e "$1"
}

# mariadb_database NAME: a new, empty database; prints its DSN.
mariadb_database() {
  mariadb_sql "DROP DATABASE IF EXISTS $1; CREATE DATABASE $1" >&2 || return 1
  echo "mysql://root@tcp(127.0.0.1:$MARIADB_PORT)/$1"
}
