#!/usr/bin/env bash
# Runs the integration tests, which mostly wait for the provider, beside the
# checks that need the processors: unit tests, refusals, configurations.
#
# A check that fails ends the integration tests as Ctrl-C does: they destroy
# what they made. Ctrl-C goes to both.
set -euo pipefail
make=${MAKE:-make}

# In a process group of their own, so that an interrupt can be passed on.
set -m
"$make" --no-print-directory integration &
integration=$!
set +m

checks=
interrupt() {
  kill -INT "-$integration" 2>/dev/null || true
  [ -z "$checks" ] || kill -INT "$checks" 2>/dev/null || true
}
trap interrupt INT TERM

# ended waits for a process, and returns its status. A signal ends the wait, not
# the process.
ended() {
  local status=0
  wait "$1" || status=$?
  while kill -0 "$1" 2>/dev/null; do
    status=0
    wait "$1" || status=$?
  done
  return "$status"
}

"$make" --no-print-directory unit refusals configuration &
checks=$!
failed=0
ended "$checks" || failed=$?
checks=
if [ "$failed" -ne 0 ]; then
  echo "a check failed: the integration tests are interrupted, and destroy what they made" >&2
  interrupt
fi
status=0
ended "$integration" || status=$?
[ "$failed" -ne 0 ] || failed=$status
exit "$failed"
