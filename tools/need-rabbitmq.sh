#!/bin/sh
# The RabbitMQ tests need a broker: install it where that is ours to do, else say so.
[ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] && exit 0

# The package starts a broker of its own, which nobody asked for: this keeps it from that.
policy=/usr/sbin/policy-rc.d
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    [ -e "$policy" ] || { printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod +x "$policy" && made=1; }
    { apt-get update -qq && apt-get install -qq -y --no-install-recommends rabbitmq-server; } >/dev/null 2>&1
    [ -z "$made" ] || rm -f "$policy"
    [ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] && exit 0
fi
echo 'missing: RabbitMQ, which the queue tests talk to (Debian, Ubuntu: apt-get install rabbitmq-server; without it: make test-local)' >&2
exit 1
