#!/bin/sh
# The development environment in one file: creates what is missing, then does what was asked. `sh packaging/dev.sh help`.
set -eu

usage() {
    cat <<'USAGE'
usage: sh packaging/dev.sh COMMAND [ARGUMENTS]

  run     start the tray application with its own demo server; without a display, show one capture on a virtual one
  test    everything that must hold: check, then all tests, those of units where there is no Qt; or only pytest ARGUMENTS
  check   ruff, mypy, the direction of imports
  bench   races against other programs, with the gates
  shots   pictures of every window, and README's
  torture kill the sending process 500 times (or N) and check each time that nothing is lost or sent twice
  demo    the demo server alone
  setup   only prepare the environment

PYTHON=… chooses the interpreter (3.11 or newer) for a new environment.
USAGE
}

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$root"
venv=$root/.venv
needs=$root/packaging/system-packages.txt

say() { printf '%s\n' "$*" >&2; }
fail() {
    say "$*"
    exit 1
}
is_linux() { [ "$(uname -s)" = Linux ]; }
has() { command -v "$1" >/dev/null 2>&1; }

# --- system packages ----------------------------------------------------------------------------------------------------

package_manager() {
    for candidate in apt-get dnf pacman brew; do
        if has "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    echo none
}

# The command that installs packages, as a person would type it.
install_command() {
    case $(package_manager) in
    apt-get) echo "sudo apt-get install --yes --no-install-recommends" ;;
    dnf) echo "sudo dnf install --assumeyes --setopt=install_weak_deps=False" ;;
    pacman) echo "sudo pacman -S --needed --noconfirm" ;;
    brew) echo "brew install" ;;
    *) echo "(with this system's package manager)" ;;
    esac
}

# Runs an install command: without its sudo when we are root already, and never asking anything.
run_install() {
    if [ "$1" = sudo ]; then
        shift
        set -- env DEBIAN_FRONTEND=noninteractive "$@"
        [ "$(id -u)" = 0 ] || set -- sudo -n "$@"
    fi
    "$@" >&2
}

# True when packages can be installed without asking the person for a password.
may_install() {
    case $(package_manager) in
    none) return 1 ;;
    brew) return 0 ;;
    *) [ "$(id -u)" = 0 ] || { has sudo && sudo -n true 2>/dev/null; } ;;
    esac
}

# install_packages WHY PACKAGE…
install_packages() {
    why=$1
    shift
    if ! may_install; then
        say "Missing $why: $*"
        say "Install it with:  $(install_command) $*"
        return 1
    fi
    say "Installing $why: $*"
    # shellcheck disable=SC2046 # the command is several words
    set -- $(install_command) "$@"
    run_install "$@" && return 0
    # The usual reason is a package list that is old or was never fetched.
    [ "$(package_manager)" = apt-get ] && run_install sudo apt-get update && run_install "$@"
}

is_present() {
    case $1 in
    cmd:*) has "${1#cmd:}" ;;
    path:*) [ -n "$(find /usr/libexec/"${1#path:}" /usr/lib/"${1#path:}" /usr/lib/*/"${1#path:}" -maxdepth 0 2>/dev/null)" ] ;;
    lib:*) printf '%s\n' "$libraries" | grep -q -F "${1#lib:} " ;;
    font) [ -n "$(find /usr/share/fonts /usr/local/share/fonts "$HOME/.fonts" -name '*.ttf' 2>/dev/null | head -n 1)" ] ;;
    *) fail "$needs: cannot check $1" ;;
    esac
}

# The packages for everything that is missing in the given groups (run, virtual, test), once each.
missing_packages() {
    libraries=$(PATH=$PATH:/sbin:/usr/sbin ldconfig -p 2>/dev/null | sed 's/^[[:space:]]*//')
    while read -r group check apt dnf pacman; do
        case " $* " in *" $group "*) ;; *) continue ;; esac
        is_present "$check" && continue
        case $(package_manager) in
        dnf) echo "$dnf" ;;
        pacman) echo "$pacman" ;;
        *) echo "$apt" ;;
        esac
    done <"$needs" | sort -u
}

need() {
    is_linux || return 0
    packages=$(missing_packages "$@")
    [ -n "$packages" ] || return 0
    # shellcheck disable=SC2086 # one word for each package
    install_packages "system packages" $packages || fail "Then start this command again."
}

# --- Python -------------------------------------------------------------------------------------------------------------

is_usable_python() {
    "$1" -c 'import sys, ssl, sqlite3; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        echo "$PYTHON"
        return
    fi
    for candidate in python3.13 python3.12 python3.11 python3.14 python3 python; do
        if is_usable_python "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    return 1
}

install_python() {
    case $(package_manager) in
    brew) set -- python@3.13 ;;
    pacman) set -- python ;;
    dnf) set -- python3 ;;
    *) set -- python3 python3-venv ;;
    esac
    install_packages "Python 3.11 or newer" "$@" && find_python
}

make_venv() {
    [ -z "${PYTHON:-}" ] || is_usable_python "$PYTHON" || fail "PYTHON=$PYTHON is not a complete Python 3.11 or newer."
    python=$(find_python) || python=$(install_python) || fail "Python 3.11 or newer is needed and was not found."
    # Debian and Ubuntu keep the means to make environments in a package of their own.
    if ! "$python" -c 'import venv, ensurepip' >/dev/null 2>&1; then
        version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        install_packages "Python's venv module" "python$version-venv" || fail "Then start this command again."
    fi
    say "Creating .venv with $("$python" --version)"
    "$python" -m venv --clear "$venv"
}

# Everything is installed at the pinned versions; nothing is done when nothing has changed since the last time.
prepare() {
    stamp=$venv/prepared
    wanted=$(cat packaging/constraints.txt pyproject.toml | cksum)
    if [ -x "$venv/bin/python" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$root $wanted" ]; then
        return 0
    fi
    # An environment that was moved, was never finished, or has lost its interpreter is made anew.
    case $(cat "$stamp" 2>/dev/null) in
    "$root "*) is_usable_python "$venv/bin/python" || make_venv ;;
    *) make_venv ;;
    esac
    say "Installing the pinned Python packages into .venv"
    set -- "$venv/bin/python" -m pip install -qq --disable-pip-version-check --no-deps
    "$@" --requirement packaging/constraints.txt
    "$@" --no-build-isolation --editable .
    echo "$root $wanted" >"$stamp"
}

use_venv() {
    # Without bytecode every program that is started here compiles all of it anew, and takes twice as long.
    unset PYTHONDONTWRITEBYTECODE
    prepare
    PATH=$venv/bin:$PATH
    export PATH
}

# --- commands -----------------------------------------------------------------------------------------------------------

check() {
    ruff check .
    ruff format --check .
    mypy
    lint-imports
}

run() {
    if is_linux && [ -z "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
        need run virtual
        use_venv
        exec python packaging/virtual_run.py "$@"
    fi
    need run
    use_venv
    say "Starting ImgLink Desktop against its own demo server: no account is needed, and nothing leaves this computer."
    exec python -m app --demo "$@"
}

run_tests() {
    need run virtual test
    use_venv
    if [ $# -eq 0 ]; then
        check
        # As many at a time as there are processors, within reason: each has all tests in memory, and a desktop beside.
        set -- --numprocesses=auto --maxprocesses=8 --dist=worksteal
        python packaging/without_qt.py "$@" tests/unit
        # Those need not be run again, but for what tells which commands leave Qt alone where there is one.
        set -- "$@" tests/packaging tests/torture tests/ui tests/unit/cli/test_imports.py
        # Desktops are X11's here; processes are killed at their system calls by strace, and watched in /proc.
        if is_linux; then
            set -- "$@" tests/desktop
        else
            set -- "$@" --ignore=tests/torture/test_kills.py --ignore=tests/torture/test_failing_disk.py \
                --ignore=tests/torture/test_nursery.py --ignore=tests/torture/test_thumbnails.py
        fi
    fi
    exec python -m pytest "$@"
}

command=${1:-help}
[ $# -eq 0 ] || shift
case $command in
run) run "$@" ;;
test) run_tests "$@" ;;
check)
    use_venv
    check
    ;;
bench)
    need run virtual
    use_venv
    exec python packaging/bench.py "$@"
    ;;
shots)
    need run virtual
    use_venv
    exec python packaging/shots.py "$@"
    ;;
torture)
    need test
    use_venv
    exec python packaging/torture.py "$@"
    ;;
demo)
    use_venv
    exec python -m app demo "$@"
    ;;
setup)
    need run virtual test
    use_venv
    ;;
help | -h | --help) usage ;;
*)
    usage >&2
    exit 2
    ;;
esac
