#!/usr/bin/env bash
# apt-private.sh STATE COMMAND…: runs an apt-get command on package lists of its own, kept in STATE.
#
# The lists of the machine stay as they are: the private ones are made from the machine's own sources, of every kind that apt
# reads, asking for source packages too. RELEASE in the environment replaces the name of the machine's release in them.
set -euo pipefail

state=$1
shift
mkdir -p "$state/lists/partial" "$state/archives/partial"
state=$(cd "$state" && pwd)

python3 "$(dirname "$0")/apt_sources.py" ${RELEASE:+--release "$RELEASE"} >"$state/sources.list"
if [ ! -s "$state/sources.list" ]; then
    echo "no package source of this distribution was found in /etc/apt" >&2
    exit 1
fi
# A user of its own (`_apt`) would not be able to write into the clone of an unprivileged user.
options=(
    -q -o "Dir::Etc::SourceList=$state/sources.list" -o Dir::Etc::SourceParts=/dev/null -o "Dir::State::Lists=$state/lists"
    -o Dir::State::Status=/dev/null -o "Dir::Cache=$state" -o "Dir::Cache::Archives=$state/archives" -o APT::Sandbox::User=
)
# One source out of many may be unreachable: what counts is whether the command finds its package.
apt-get "${options[@]}" update >"$state/update.log" 2>&1 || true
exec apt-get "${options[@]}" "$@"
