# The rings of ./test. `prepare_X` installs and starts what `ring_X` needs. Sourced, not run.

# The server under test, as a command.
server() {
  echo "${SERVER:-$root/target/release/bia}"
}

# Builds the release binary unless another server is tested.
need_server() {
  [ -n "$SERVER" ] || { need_rust && build_release; }
}

build_release() {
  cargo build --release -q -p bia-server
}

prepare_format() { need_rust; }
ring_format() { cargo fmt --all --check; }

prepare_lint() { need_rust; }
ring_lint() { cargo clippy -q --workspace --all-targets -- -D warnings; }

prepare_tests() { need_rust; }
ring_tests() {
  cargo test --workspace --no-fail-fast
  local code=$?
  count_cargo_tests
  return $code
}

# count_cargo_tests: adds up the 'test result' lines that the ring has printed so far.
count_cargo_tests() {
  sync_log
  awk '/^test result:/ { for (i = 1; i < NF; i++) { if ($(i+1) == "passed;") p += $i; if ($(i+1) == "failed;") f += $i } } END { print p + 0, f + 0 }' \
    "$logs/$ring.log" >"$logs/$ring.count"
}

# Gives `tee` the moment it needs to write down what has been printed.
sync_log() { sleep 0.5; }

prepare_store() { need_rust && start_postgres && start_mariadb; }
ring_store() {
  export BIA_TEST_POSTGRES BIA_TEST_MYSQL
  BIA_TEST_POSTGRES="postgres://postgres@127.0.0.1:$POSTGRES_PORT/postgres?sslmode=disable"
  BIA_TEST_MYSQL="mysql://root@tcp(127.0.0.1:$MARIADB_PORT)/mysql"
  local code=0
  on_databases crates/store || code=1
  # Of the server's tests, those that race for something in the database or count in it, those on databases that were there before,
  # and those of what is kept of refused requests and trusted browsers.
  on_databases crates/server races:: guessing:: existing_database:: explained:: trusted_browser:: || code=1
  count_cargo_tests
  return $code
}

# on_databases FOLDER [FILTER]: the integration tests of a crate, by the binary that ring `tests` has built:
# `cargo test -p` would choose other features and build everything again.
on_databases() {
  local tests folder=$1
  shift
  tests=$(cargo test --workspace --no-run --message-format=json-render-diagnostics | python3 .ci/test_binary.py "$folder" it) ||
    { echo "the tests of $folder do not build"; return 1; }
  (cd "$folder" && "$tests" "$@")
}

prepare_build() { need_rust; }
ring_build() { build_release; }

prepare_conformance_sqlite() { need_cryptography && need_server; }
ring_conformance_sqlite() { conformance sqlite; }

prepare_conformance_postgres() { need_cryptography && need_server && start_postgres; }
ring_conformance_postgres() { conformance postgres; }

prepare_conformance_mariadb() { need_cryptography && need_server && start_mariadb; }
ring_conformance_mariadb() { conformance mariadb; }

prepare_conformance_bia() { need jq jq && prepare_conformance_sqlite; }
ring_conformance_bia() { conformance sqlite ours; }

# conformance DATABASE [ours]: one job per module, each with a database of its own, as many jobs as pay off: a scenario
# mostly waits. `ours`: with conformance/bia.yml. Counts the scenarios that conformance/must.txt names.
conformance() {
  local folder=$logs/$ring
  rm -rf "$folder" && mkdir -p "$folder"
  must_list "$1" >"$folder/must.txt"
  if [ -z "$(modules)" ]; then
    echo "conformance/must.txt names no scenario"
    count 0 0
    return 0
  fi
  modules | xargs -r -n 1 -P "${JOBS:-$((2 * $(nproc)))}" \
    bash .ci/conformance-module.sh "$root" "$folder" "$python" "$(server)" "$1" "${POSTGRES_PORT:-}" "${MARIADB_PORT:-}" "${2:-}"
  awk -v must="$folder/must.txt" -v folder="$folder" -f .ci/conformance.awk /dev/null "$folder"/*.log >"$folder/summary"
  sed '$d' "$folder/summary"
  local passed failed
  read -r passed failed < <(tail -n 1 "$folder/summary")
  count "$passed" "$failed"
  [ "$failed" -eq 0 ]
}

# must_list DATABASE: what must pass there: conformance/must.txt less what the columns of that database cannot give
# (conformance/except-DATABASE.txt says why).
must_list() {
  local except=conformance/except-$1.txt
  if [ -f "$except" ]; then
    grep -vxFf <(grep -v '^#' "$except") conformance/must.txt
  else
    cat conformance/must.txt
  fi
}

# The modules that conformance/must.txt names, or all of them.
modules() {
  if [ -n "$ALL_SCENARIOS" ]; then
    "$python" conformance/conform list | sed 's,/.*,,' | sort -u
  else
    sed -n 's,^\([a-z][^/]*\)/.*,\1,p' conformance/must.txt | sort -u
  fi
}

# start_site CONFIGURATION…: the server with the clients' configuration and a fresh SQLite file, and the mail sink.
start_site() {
  export DSN="sqlite://$work/$ring.sqlite?_fk=true&mode=rwc"
  local flags=()
  for file in "$@"; do flags+=(-c "$file"); done
  cd clients/config || return 1
  $(server) migrate sql up -e --yes "${flags[@]}" >"$logs/$ring-migrate.log" 2>&1 || { tail -n 20 "$logs/$ring-migrate.log"; return 1; }
  start "$ring-mail" TERM python3 ../tools/smtp_sink.py --smtp-port 17025 --http-port 17026
  start "$ring-server" TERM $(server) serve --dev --watch-courier "${flags[@]}"
  cd "$root" || return 1
  wait_for "$ring-mail" 20 get http://127.0.0.1:17026/health &&
    wait_for "$ring-server" 60 get http://127.0.0.1:17433/health/ready &&
    wait_for "$ring-server" 60 get http://127.0.0.1:17434/health/ready
}

stop_site() {
  stop "$ring-server"
  stop "$ring-mail"
}

# journeys COMMAND…: runs a client and counts the checks of the journeys that clients/must-RING.txt names.
journeys() {
  { "$@" 2>&1 || true; } | awk -v must="clients/must-$ring.txt" -v counts="$logs/$ring.count" -f .ci/journeys.awk
}

prepare_node() { need_python && need_modules clients/node && need_server; }
ring_node() {
  start_site kratos.yml && journeys node clients/node/journey.mjs
  local code=$?
  stop_site
  return $code
}

prepare_python() {
  need_python && need_server || return 1
  clients/python/.venv/bin/python -c 'import ory_kratos_client' 2>/dev/null || make_venv clients/python/.venv -r clients/python/requirements.txt
}
ring_python() {
  start_site kratos.yml && journeys clients/python/.venv/bin/python -u clients/python/journey.py
  local code=$?
  stop_site
  return $code
}

prepare_go() { need_python && need_go && need_server; }
# GOTOOLCHAIN: where Debian's Go is older than go.mod asks for, it fetches the one it needs from the module proxy.
ring_go() {
  local client=$root/target/test-go/journey
  (cd clients/go && GOTOOLCHAIN=auto go build -o "$client" .) || return 1
  start_site kratos.yml && journeys "$client"
  local code=$?
  stop_site
  return $code
}

prepare_openapi() {
  need_cryptography && need_server || return 1
  schemathesis=$root/target/test-openapi/bin/schemathesis
  "$schemathesis" --version 2>/dev/null | grep -q "$SCHEMATHESIS" || make_venv "$root/target/test-openapi" "schemathesis==$SCHEMATHESIS"
}
SCHEMATHESIS=4.32.5
ring_openapi() {
  local code=0 listener passed=0 failed=0 more_passed more_failed
  # The clients' configuration knows no provider, no hook and nothing of our own.
  start "$ring-peers" TERM "$python" -B .ci/openapi/peers.py "$work/peers.json"
  wait_for "$ring-peers" 20 test -s "$work/peers.json" &&
    start_site kratos.yml "$root/conformance/bia.yml" "$work/peers.json" || { stop_site; stop "$ring-peers"; return 1; }
  for listener in public:17433 admin:17434; do
    explore "${listener%:*}" "${listener#*:}" || code=1
    read -r more_passed more_failed < <(tail -n 1 "$logs/openapi-${listener%:*}.counts")
    passed=$((passed + ${more_passed:-0})) failed=$((failed + ${more_failed:-1}))
  done
  stop_site
  stop "$ring-peers"
  count "$passed" "$failed"
  [ "$code" -eq 0 ] && [ "$failed" -eq 0 ]
}

# explore LISTENER PORT: calls everything that the document of a listener describes, in ways that it allows and in
# others, and compares the answers with it. The seed makes each run the same. What was found is told at the end.
explore() {
  local out=$logs/openapi-$1 code=0
  rm -f "$out".*
  (
    # It leaves notes of its own where it runs.
    cd "$work" &&
      BIA_API=$1 BIA_SEEN=$out.json BIA_PUBLIC=http://127.0.0.1:17433 BIA_ADMIN=http://127.0.0.1:17434 \
        PYTHONPATH=$root/.ci/openapi PYTHONDONTWRITEBYTECODE=1 SCHEMATHESIS_HOOKS=hooks \
        timeout 900 "$schemathesis" run "http://127.0.0.1:$2/openapi.json" --no-color --continue-on-failure \
        --phases examples,coverage,fuzzing --max-examples 10 --seed 20260101 --generation-database none --workers 1 \
        --checks not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance \
        --report junit --report-junit-path "$out.xml"
  ) >"$out.log" 2>&1 || code=1
  python3 .ci/openapi/counts.py "$out.xml" "$out.json" >"$out.counts" || { tail -n 30 "$out.log"; return 1; }
  sed '$d' "$out.counts"
  echo "$1: $(grep ' generated, ' "$out.log")"
  return $code
}

prepare_browser() { need_python && need_chromium && need_modules clients/browser && need_server; }
ring_browser() {
  local shots=$logs/browser-shots
  rm -rf "$shots" && mkdir -p "$shots"
  # Where no ui_url is configured, the server shows its own pages.
  sed '/^    error:$/d; /^      ui_url:/d' clients/config/kratos.yml >"$work/kratos.yml"
  start_site "$work/kratos.yml" overlay.builtin.yml && start_dev dev && DEV_PORT=$PORT &&
    start_dev own SELFSERVICE_METHODS_TOTP_ENABLED=true SESSION_WHOAMI_REQUIRED_AAL=highest_available \
      BIA_TRUSTED_BROWSER_ENABLED=true BIA_ABUSE_PASSWORD_ATTEMPTS=3 BIA_ABUSE_PASSWORD_DELAY=3s && OWN_PORT=$PORT &&
    journeys browse "$shots"
  local code=$?
  stop "$ring-own"
  stop "$ring-dev"
  stop_site
  return $code
}

prepare_recipes() { need jq jq && need curl curl && need_python && need_server; }
ring_recipes() {
  told python3 .ci/recipes.py --bia "$(server)" --files docs/src/first-steps.md docs/src/first-steps.md docs/src/moving.md docs/src/guessing.md docs/src/who-has-an-account.md docs/src/trusted-browser.md
}

prepare_thread() { prepare_recipes && need_chromium && need_modules clients/node && need_modules clients/browser; }
ring_thread() {
  told tests/thread/run --quiet --bia "$(server)" --chromium "$(command -v "${CHROMIUM:-chromium}")"
}

# told COMMAND…: runs it and counts what its last line 'N passed, N failed' says.
told() {
  "$@" | tee "$logs/$ring.out"
  local code=${PIPESTATUS[0]} passed failed
  read -r passed failed < <(sed -n '$s/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$logs/$ring.out")
  count "${passed:-0}" "${failed:-1}"
  return "$code"
}

prepare_react() {
  prepare_browser && need_modules clients/browser/react-app || return 1
  (cd clients/browser/react-app && npx vite build --logLevel warn)
}
ring_react() {
  local shots=$logs/react-shots
  rm -rf "$shots" && mkdir -p "$shots"
  start_site kratos.yml && start_react &&
    journeys node clients/browser/journey.mjs --ui http://localhost:17455 --shots "$shots" --chromium "$(command -v "${CHROMIUM:-chromium}")"
  local code=$?
  stop "$ring-pages"
  stop_site
  return $code
}

# The React app at the address that the clients' configuration names.
start_react() {
  start "$ring-pages" TERM node clients/browser/react-app/node_modules/vite/bin/vite.js preview clients/browser/react-app \
    --host 127.0.0.1 --port 17455 --strictPort
  wait_for "$ring-pages" 30 get http://127.0.0.1:17455/
}

# start_dev NAME [VARIABLE=VALUE…]: the server as somebody starts it who has no configuration at all, but for those
# variables; only the ports are chosen. Sets PORT.
start_dev() {
  local name=$1
  shift
  PORT=$(free_port)
  start "$ring-$name" TERM env -u DSN SERVE_PUBLIC_PORT="$PORT" SERVE_ADMIN_PORT="$(free_port)" "$@" \
    $(server) serve --dev --data-dir "$work/$name"
  wait_for "$ring-$name" 60 get "http://127.0.0.1:$PORT/health/ready"
}

# browse SHOTS: the browser clients, one after the other.
browse() {
  local chromium
  chromium=$(command -v "${CHROMIUM:-chromium}")
  node clients/browser/bia-dev.mjs --public "http://127.0.0.1:$DEV_PORT" --shots "$1" --chromium "$chromium"
  node clients/browser/bia-own.mjs --public "http://127.0.0.1:$OWN_PORT" --shots "$1" --chromium "$chromium"
  node clients/browser/journey.mjs --ui http://localhost:17433/ui --shots "$1" --chromium "$chromium"
}
