# Shell functions of ./test and bench/run: rings and their counts, background processes, ports. Sourced, not run.

work=""                 # a fresh folder for this run's data, readable by the database users
logs=$root/target/test-logs
results=()              # one line per ring: name, passed, failed, seconds

# Makes the folders and sees to it that everything is stopped at the end, however the end comes.
begin() {
  work=$(mktemp -d "${TMPDIR:-/tmp}/bia-test.XXXXXX") || exit 1
  chmod 711 "$work"
  mkdir -p "$logs" "$work/pids"
  trap clean_up EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
}

clean_up() {
  local file
  for file in "$work"/pids/*; do
    [ -e "$file" ] && stop "$(basename "$file")"
  done
  rm -rf "$work"
}

# start NAME SIGNAL COMMAND…: runs a command in the background, to be ended with SIGNAL; its output goes to
# target/test-logs/NAME.log.
start() {
  local name=$1 signal=$2
  shift 2
  "$@" >"$logs/$name.log" 2>&1 </dev/null &
  echo "$! $signal" >"$work/pids/$name"
}

# stop NAME: ends what `start` started and waits for it, at most 20 s.
stop() {
  local pid signal
  [ -e "$work/pids/$1" ] || return 0
  read -r pid signal <"$work/pids/$1"
  rm -f "$work/pids/$1"
  kill "-$signal" "$pid" 2>/dev/null || return 0
  for _ in $(seq 200); do
    kill -0 "$pid" 2>/dev/null || return 0
    sleep 0.1
  done
  kill -KILL "$pid" 2>/dev/null
}

# running NAME: whether what `start` started is still there.
running() {
  local pid
  [ -e "$work/pids/$1" ] && read -r pid _ <"$work/pids/$1" && kill -0 "$pid" 2>/dev/null
}

# wait_for NAME SECONDS COMMAND…: until the command succeeds; fails when time is up or NAME has ended.
wait_for() {
  local name=$1 end=$((SECONDS + $2))
  shift 2
  until "$@" >/dev/null 2>&1; do
    if ! running "$name" || [ $SECONDS -ge $end ]; then
      echo "$name did not come up; the end of its log:"
      tail -n 30 "$logs/$name.log"
      return 1
    fi
    sleep 0.2
  done
}

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# get URL: succeeds when it answers 2xx.
get() {
  python3 -c 'import sys, urllib.request; urllib.request.urlopen(sys.argv[1], timeout=2).read()' "$1"
}

# count PASSED FAILED: what the ring that is running found out. Without it a ring counts as one test.
count() {
  echo "$1 $2" >"$logs/$ring.count"
}

# run_ring NAME: prepares in this shell (services outlive their ring), runs `ring_NAME`, remembers the counts.
# A ring that ended badly has at least one failure, whatever it counted.
run_ring() {
  ring=$1
  local began=$SECONDS passed=1 failed=0 code function=${1//-/_}
  printf '\n== %s: %s\n' "$ring" "${ABOUT[$ring]}"
  rm -f "$logs/$ring.count"
  if "prepare_$function"; then
    "ring_$function" 2>&1 | tee "$logs/$ring.log"
    code=${PIPESTATUS[0]}
  else
    code=1
    echo "this ring could not run"
  fi
  if [ -e "$logs/$ring.count" ]; then
    read -r passed failed <"$logs/$ring.count"
  elif [ "$code" -ne 0 ]; then
    passed=0 failed=1
  fi
  [ "$code" -eq 0 ] || [ "$failed" -gt 0 ] || failed=1
  results+=("$ring $passed $failed $((SECONDS - began))")
  printf -- '-- %s: %s passed, %s failed, %s s\n' "$ring" "$passed" "$failed" "$((SECONDS - began))"
}

# Prints the summary; its last line is the one that counts.
finish() {
  local line name passed failed seconds all_passed=0 all_failed=0
  printf '\n== result\n'
  for line in "${results[@]}"; do
    read -r name passed failed seconds <<<"$line"
    printf '%-4s %-22s %5s passed %5s failed %5s s\n' "$([ "$failed" -eq 0 ] && echo ok || echo FAIL)" "$name" "$passed" "$failed" "$seconds"
    all_passed=$((all_passed + passed)) all_failed=$((all_failed + failed))
  done
  [ "$all_failed" -eq 0 ] || echo "The output of each ring is in target/test-logs/."
  clean_up
  trap - EXIT
  echo "$all_passed passed, $all_failed failed"
  [ "$all_failed" -eq 0 ]
  exit
}
