# Installs what a ring needs and the machine lacks. Sourced by ./test and bench/run.

# apt PACKAGE…: installs Debian packages, as root or through sudo.
apt() {
  if [ -z "$INSTALL" ]; then
    echo "missing: $* (--no-install was given)"
    return 1
  fi
  local sudo=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { echo "missing: $*; install them as root, or install sudo"; return 1; }
    sudo=(sudo)
  fi
  echo "installing $*"
  {
    "${sudo[@]}" apt-get update -q &&
      "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@"
  } >"$logs/apt-get.log" 2>&1 || { tail -n 20 "$logs/apt-get.log"; return 1; }
}

# need COMMAND PACKAGE…: installs the packages unless the command is there.
need() {
  local command=$1
  shift
  command -v "$command" >/dev/null || apt "$@"
}

need_rust() {
  need cc gcc libc6-dev || return 1
  command -v cargo >/dev/null || { echo "cargo is missing: install Rust with rustup, rust-toolchain.toml names the version"; return 1; }
}

need_python() {
  need python3 python3 python3-venv
}

# Sets `python` to an interpreter that has the package `cryptography`, which WebAuthn and OpenID scenarios need.
need_cryptography() {
  need_python || return 1
  python=python3
  python3 -c 'import cryptography' 2>/dev/null && return 0
  python=$root/target/test-python/bin/python
  "$python" -c 'import cryptography' 2>/dev/null && return 0
  make_venv "$root/target/test-python" cryptography
}

# make_venv FOLDER PACKAGE…: a virtual environment with these packages.
make_venv() {
  local folder=$1
  shift
  [ -n "$INSTALL" ] || { echo "missing: the Python packages $* (--no-install was given)"; return 1; }
  python3 -m venv "$folder" 2>/dev/null || { apt python3-venv && python3 -m venv "$folder" || return 1; }
  "$folder/bin/pip" install -q --disable-pip-version-check "$@"
}

need_node() {
  need node nodejs npm && need npm npm
}

# need_modules FOLDER: the npm packages of the lock file, unless they are there and not older than it.
need_modules() {
  need_node || return 1
  [ "$1/node_modules/.package-lock.json" -nt "$1/package-lock.json" ] && return 0
  [ -n "$INSTALL" ] || { echo "missing: npm packages in $1 (--no-install was given)"; return 1; }
  (cd "$1" && npm ci --no-audit --no-fund --loglevel=error)
}

need_go() {
  need go golang-go
}

need_chromium() {
  need "${CHROMIUM:-chromium}" chromium
}

need_postgres() {
  [ -n "$(postgres_folder)" ] || apt postgresql
}

need_mariadb() {
  need mariadbd mariadb-server
}

# The folder of the newest PostgreSQL that is installed.
postgres_folder() {
  find /usr/lib/postgresql -mindepth 2 -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1
}
