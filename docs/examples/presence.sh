#!/bin/sh
# Asks the presence service about one device, and who left in the last hour, then prints each change of its tenant as a line
# of JSON. Needs curl.
#
#   sh presence.sh DEVICE [URL [TENANT]]     # ids percent-encoded; PRESENCE_TOKEN: where the service wants a token
set -eu
device=$1
service=${2:-http://127.0.0.1:8090}
tenant=${3:-DEFAULT_TENANT}
base="$service/v1/tenants/$tenant"

# The token stands on standard input: the list of processes does not show it.
ask() {
  printf '%s' "${PRESENCE_TOKEN:+header = \"Authorization: Bearer $PRESENCE_TOKEN\"}" |
    curl --silent --show-error --fail --no-buffer --config - "$@"
}

status=$(ask "$base/devices/$device" | sed 's/.*"status":"\([a-z]*\)".*/\1/')
echo "now: $status"
# An uncertain answer says why: docs/presence.md has a table.
answer=$(ask "$base/devices/$device/at?time=$(date -u +%Y-%m-%dT%H:00:00Z)" |
  sed 's/.*"answer":"\([a-z]*\)"\(,"because":"[a-z-]*"\)*.*/\1\2/; s/,"because":"\(.*\)"/ (\1)/')
echo "at the full hour: $answer"
# The latest 20; `next` in the answer is the cursor of the next page.
ask "$base/endings?limit=20" | sed 's/{"device":/\n&/g' |
  sed -n 's/^{"device":"\([^"]*\)","status":"\([a-z]*\)".*"at":"\([^"]*\)".*"reason":"\([^"]*\)".*/\1 left at \3: \4; now it is \2/p'

# `while` begins again where the connection ends: with a snapshot, which is left out here. To miss nothing, give back the
# last id, as presence.py does.
while :; do
  ask "$base/watch" | sed -un '/^event: change$/,/^$/s/^data: //p' || true
  sleep 2
done
