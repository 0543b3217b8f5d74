# RabbitMQ with an Erlang port mapper of its own, apart from any broker of the machine.
# shellcheck shell=bash

start_broker() {
    # Two Erlang schedulers that sleep when idle: by default they spin, on every core.
    local sleepy='+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none'
    service epmd -- /usr/bin/epmd -address 127.0.0.1 -port "$EPMD"
    # RUNNING_UNDER_SYSTEMD makes the start script exec the broker; otherwise it stays as its parent, and killing
    # that would orphan the broker.
    service rabbitmq -w "$ETC/rabbitmq" \
        -e RUNNING_UNDER_SYSTEMD=true \
        -e ERL_EPMD_PORT="$EPMD" -e ERL_EPMD_ADDRESS=127.0.0.1 \
        -e RABBITMQ_NODENAME=osev@localhost -e RABBITMQ_DIST_PORT=$((RPORT + 20000)) \
        -e RABBITMQ_MNESIA_BASE="$STATE_DIR/rabbitmq" -e RABBITMQ_LOG_BASE="$LOG_DIR" \
        -e RABBITMQ_CONFIG_FILE="$ETC/rabbitmq/rabbitmq" -e RABBITMQ_CONF_ENV_FILE=/dev/null \
        -e RABBITMQ_ENABLED_PLUGINS_FILE="$ETC/rabbitmq/enabled_plugins" \
        -e RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="-kernel inet_dist_use_interface {127,0,0,1} $sleepy" \
        -- /usr/lib/rabbitmq/bin/rabbitmq-server
}
