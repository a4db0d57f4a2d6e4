#!/bin/sh
# Usage: tools/setup.sh STAMP PYTHON EXTRAS
#
# Makes the virtual environment that STAMP lies in, installs the project and its pinned packages
# there, and writes STAMP last, so that an interrupted installation is begun again. pip's own
# output goes to install.log beside STAMP; the terminal sees one line that counts.
set -eu

stamp=$1
wanted=$2
extras=$3
venv=$(dirname "$stamp")
log=$venv/install.log

fail() {
    echo "$*" >&2
    exit 1
}

version_of() {
    "$1" -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])' 2>/dev/null
}

in_range() {
    case $1 in 3.11.* | 3.12.* | 3.13.*) ;; *) return 1 ;; esac
}

# Sets python to the first candidate of a supported version that can make virtual environments.
find_python() {
    found='' bare=''
    for python in "$wanted" python3 python3.13 python3.12 python3.11; do
        version=$(version_of "$python") || continue
        if ! in_range "$version"; then
            found=${found:-"$python is $version"}
        elif "$python" -c 'import ensurepip, venv' 2>/dev/null; then
            return
        else
            bare=${bare:-"$python ($version)"}
        fi
    done
    [ -z "$bare" ] || fail "$bare lacks the venv or ensurepip module: install it (Debian and" \
        "Ubuntu: apt install python3-venv) or name another Python with PYTHON=/path/to/python."
    fail "Python 3.11, 3.12 or 3.13 is needed, but ${found:-no Python was found}: install one of" \
        "them or name it with PYTHON=/path/to/python."
}

make_venv() {
    if in_range "$(version_of "$venv/bin/python")" && "$venv/bin/python" -m pip >/dev/null 2>&1
    then
        return
    fi
    find_python
    echo "Making $venv with $python ($version)"
    said=$("$python" -m venv --clear "$venv" 2>&1) || fail "$said"
}

# Sets count to the number of packages that pip has begun with.
count_packages() {
    count=$(grep -cE '^(Collecting|Processing)' "$log") || true
}

# Shows how far pip has come: on a terminal in place each second, elsewhere a line each 20 s.
progress() {
    if [ -t 1 ]; then before='\r' after='' every=1; else before='' after='\n' every=20; fi
    seconds=0
    while kill -0 "$pip" 2>/dev/null; do
        if [ $((seconds % every)) -eq 0 ]; then
            doing=collecting
            ! grep -q '^Installing collected' "$log" || doing=unpacking
            count_packages
            printf "$before%s: %s packages, %s s$after" "Installing ($doing)" "$count" "$seconds"
        fi
        sleep 1
        seconds=$((seconds + 1))
    done
    count_packages  # anew: pip may have been done before it was first looked at
    printf "$before%s\n" "Installing: $count packages, $seconds s; pip's output is in $log"
}

install() {
    : >"$log"  # there before pip opens it, for the progress below to read
    # Unbuffered, so that the log grows as pip goes and can be counted.
    "$venv/bin/python" -u -m pip install --no-input --progress-bar off --constraint constraints.txt \
        --editable ".[dev${extras:+,$extras}]" >"$log" 2>&1 &
    pip=$!
    trap 'kill "$pip"; exit 130' INT TERM HUP
    progress
    if ! wait "$pip"; then
        tail -n 20 "$log" >&2
        fail "The installation failed; above is the end of $log."
    fi
}

case $extras in
    '' | gpu) ;;
    *) fail "EXTRAS=$extras is unknown: the only extra is gpu." ;;
esac
make_venv
install
touch "$stamp"
