#!/bin/sh
# The system-call tests need strace: install it where that is ours to do, else say so.
command -v strace >/dev/null 2>&1 && exit 0
[ "$(uname -s)" = Linux ] || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    { apt-get update -qq && apt-get install -qq -y strace; } >/dev/null 2>&1
    command -v strace >/dev/null 2>&1 && exit 0
fi
echo 'missing: strace, which the tests count system calls with (Debian, Ubuntu: apt-get install strace)' >&2
exit 1
