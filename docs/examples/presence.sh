#!/bin/sh
# Asks the presence service about one device, who is online, which devices flap, and who left in the last hour; then prints
# each change of its tenant as a line of JSON. Needs curl.
#
#   sh presence.sh DEVICE [URL [TENANT [TIME]]]
#
# Ids percent-encoded; TIME as 2026-11-28T12:00:00Z, by default the full hour. PRESENCE_TOKEN: where the service wants a token.
set -eu
device=$1
service=${2:-http://127.0.0.1:8090}
tenant=${3:-DEFAULT_TENANT}
time=${4:-$(date -u +%Y-%m-%dT%H:00:00Z)}
base="$service/v1/tenants/$tenant"

# The token stands on standard input: the list of processes does not show it. A stream has a heartbeat every 15 s: one that
# is silent for 60 s is dead.
ask() {
  printf '%s' "${PRESENCE_TOKEN:+header = \"Authorization: Bearer $PRESENCE_TOKEN\"}" |
    curl --silent --show-error --fail --no-buffer --connect-timeout 10 --speed-limit 1 --speed-time 60 --config - "$@"
}

now=$(ask "$base/devices/$device")
status=$(echo "$now" | sed 's/.*"status":"\([a-z]*\)".*/\1/')
since=$(echo "$now" | sed -n 's/.*"status":"[a-z]*","since":"\([^"]*\)".*/ since \1/p')
echo "now: $status$since"
if [ "$status" = offline ]; then
  echo "$now" | sed -n 's/.*"left-between":{"from":"\([^"]*\)","to":"\([^"]*\)"}.*"reason":"\([^"]*\)".*/left: \3, between \1 and \2/p'
fi
# An uncertain answer says why: docs/presence.md has a table.
answer=$(ask "$base/devices/$device/at?time=$time" |
  sed 's/.*"answer":"\([a-z]*\)"\(,"because":"[a-z-]*"\)*.*/\1\2/; s/,"because":"\(.*\)"/ (\1)/')
echo "connected at $time: $answer"
# The first 100; `next` in the answer is the cursor of the next page. `echo` ends the last line.
{ ask "$base/devices?status=online&limit=100"; echo; } | sed 's/{"tenant":/\n&/g' |
  sed -n 's/^{"tenant":"[^"]*","device":"\([^"]*\)","status":"online","since":"\([^"]*\)".*/\1 is online since \2/p'
{ ask "$base/summary"; echo; } | sed 's/.*"flapping":\[//; s/{"device":/\n&/g' |
  sed -n 's/^{"device":"\([^"]*\)","changes":\([0-9]*\).*/\1 flaps: \2 changes in the last hour/p'
# The latest 20.
{ ask "$base/endings?limit=20"; echo; } | sed 's/{"device":/\n&/g' |
  sed -n 's/^{"device":"\([^"]*\)","status":"\([a-z]*\)".*"at":"\([^"]*\)".*"reason":"\([^"]*\)".*/\1 left at \3: \4; now it is \2/p'

# `while` begins again where the connection ends: with a snapshot, which is left out here. To miss nothing, give back the
# last id, as presence.py does.
while :; do
  ask "$base/watch" | sed -un '/^event: change$/,/^$/s/^data: //p' || true
  sleep 2
done
