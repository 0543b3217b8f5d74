# 2026.2 (Nova 34), from Debian unstable in a chroot, with a network namespace of its own: its ports and its
# programs do not meet those of this machine. A veth pair joins the namespace with the machine, and only with it.
# shellcheck shell=bash
# shellcheck disable=SC2034  # read by lib/

RELEASE_STATE_DIR=/var/lib/osev-stack-2026.2
RELEASE_IP=198.18.34.2                   # of the network for benchmarks (RFC 2544): no site routes it
RELEASE_SEV_LAYOUT=children              # since 2025.2 each model has a child provider
RELEASE_KEYSTONE_APP=keystone.wsgi.api:application
RELEASE_PLACEMENT_APP=placement.wsgi.api:application
# RabbitMQ 4 refuses the queues that oslo.messaging makes for replies, unless told.
RABBITMQ_RELEASE_SETTINGS='deprecated_features.permit.transient_nonexcl_queues = true'

SETTINGS+=(CHROOT NETNS)

release_settings() {
    CHROOT=${CHROOT:-${OSEV_CHROOT:-/var/lib/osev-chroot-2026.2}}
    NETNS=${NETNS:-${OSEV_NETNS:-osev-2026.2}}
    HOST_IP=${IP%.*}.$((${IP##*.} - 1))      # this machine's end of the veth pair
    RELEASE_ENTER=(ip netns exec "$NETNS" "$HERE/lib/enter-chroot.sh" "$CHROOT" "$STATE_DIR")
}

# --- the chroot -----------------------------------------------------------------------------------------------

release_install() {
    local missing packages=(python3-keystone python3-placement python3-nova python3-glance python3-pymysql rabbitmq-server
        mariadb-server-core mariadb-client-core uwsgi-core uwsgi-plugin-python3)
    [ "$WITH_HEAT" = no ] || packages+=(python3-heat)
    [ "$WITH_NETWORK" = no ] || packages+=(python3-neutron)
    [ "$WITH_VOLUMES" = no ] || packages+=(python3-cinder)
    mkdir -p "$LOG_DIR"
    [ -e "$CHROOT/.base" ] || make_base_system
    missing=$(missing_in_chroot "${packages[@]}" | xargs)
    [ -n "$missing" ] || return 0
    say "installing in $CHROOT: $missing"
    cp /etc/resolv.conf "$CHROOT/etc/resolv.conf"
    # shellcheck disable=SC2086  # one word a package
    { in_chroot dpkg --configure -a && in_chroot apt-get -q update && in_chroot apt-get -q -y install $missing; } \
        >"$LOG_DIR/apt.log" 2>&1 </dev/null || {
        tail -n 15 "$LOG_DIR/apt.log" >&2
        die "apt-get could not install $missing in the chroot; its log is $LOG_DIR/apt.log" \
            "run up.sh again to go on, or begin anew with down.sh --release 2026.2 --purge --remove-chroot"
    }
    in_chroot apt-get clean
    say "packages installed"
}

# Without network namespace: packages come through this machine's network.
in_chroot() {
    unshare --mount "$HERE/lib/enter-chroot.sh" "$CHROOT" "$STATE_DIR" \
        env PATH="$PATH" LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@" 9>&-
}

missing_in_chroot() {
    local installed
    # shellcheck disable=SC2016  # dpkg-query's own format, not the shell's
    installed=$(in_chroot dpkg-query -W -f '${Status} ${Package}\n' | sed -n 's/^install ok installed //p')
    printf '%s\n' "$@" | grep -vxF "$installed" || true
}

make_base_system() {
    local mirror
    mirror=$(debian_mirror)
    [ -n "$mirror" ] || die "no Debian mirror in this machine's apt sources" "name one: OSEV_DEBIAN_MIRROR=http://.../debian"
    install_packages debootstrap iproute2
    say "making Debian unstable in $CHROOT"
    rm -rf --one-file-system "${CHROOT:?}"
    mkdir -p "$CHROOT"
    unshare --mount debootstrap --variant=minbase --include=ca-certificates sid "$CHROOT" "$mirror" \
        >"$LOG_DIR/debootstrap.log" 2>&1 </dev/null 9>&- || die_of debootstrap "failed"
    configure_packaging
    touch "$CHROOT/.base"
}

# The first Debian mirror that this machine's own apt uses.
debian_mirror() {
    [ -z "${OSEV_DEBIAN_MIRROR:-}" ] || { echo "$OSEV_DEBIAN_MIRROR"; return; }
    # shellcheck disable=SC2016  # apt's own format, not the shell's
    apt-get indextargets --format '$(ORIGIN) $(REPO_URI)' 'Created-By: Packages' |
        awk '$1 == "Debian" && $2 !~ /security/ { print $2; exit }'
}

configure_packaging() {
    printf '#!/bin/sh\nexit 101\n' >"$CHROOT/usr/sbin/policy-rc.d"
    chmod 755 "$CHROOT/usr/sbin/policy-rc.d"
    # A mirror's snapshot of unstable may be past its date; the signatures are checked all the same.
    cat >"$CHROOT/etc/apt/apt.conf.d/90osev" <<'EOF'
APT::Install-Recommends "false";
Acquire::Check-Valid-Until "false";
Acquire::Retries "5";
Acquire::Languages "none";
DPkg::Options { "--force-confdef"; "--force-confold"; };
EOF
    apt-config dump | grep -E '^Acquire::https?::Proxy ' >>"$CHROOT/etc/apt/apt.conf.d/90osev" || true
    printf 'path-exclude=/usr/share/%s/*\n' doc man locale >"$CHROOT/etc/dpkg/dpkg.cfg.d/osev"
    echo force-unsafe-io >>"$CHROOT/etc/dpkg/dpkg.cfg.d/osev"
}

release_remove_chroot() {
    rm -rf --one-file-system "${CHROOT:?}"
    say "removed $CHROOT"
}

# --- the network namespace ------------------------------------------------------------------------------------

release_enter() {
    [ -e "$CHROOT/.base" ] || die "no chroot in $CHROOT" "run up.sh without --no-install"
    printf '127.0.0.1 localhost %s\n' "$(uname -n)" >"$CHROOT/etc/hosts"
    ip netns list | grep -qw -- "$NETNS" || ip netns add "$NETNS"
    ip -n "$NETNS" link set lo up
    ip -n "$NETNS" link show osev0 >/dev/null 2>&1 || join_namespace
}

# Each end knows the other only: a /32 with a peer needs no subnet.
join_namespace() {
    ip link add "$NETNS" type veth peer name osev0 netns "$NETNS"
    ip address add "$HOST_IP" peer "$IP" dev "$NETNS"
    ip link set "$NETNS" up
    ip -n "$NETNS" address add "$IP" peer "$HOST_IP" dev osev0
    ip -n "$NETNS" link set osev0 up
}

release_has_network_and_volumes() { :; }

release_leave() { ip netns delete "$NETNS" 2>/dev/null || true; }       # takes the veth pair along

# --- services -------------------------------------------------------------------------------------------------

# One process: a value that a second one still caches would come and go.
release_start_nova_api() {
    uwsgi_service nova-api "$NPORT" 1 nova.wsgi.osapi_compute:application -w "$ETC/nova/nova.conf" -w "$ETC/nova/api-paste.ini" \
        -w "$FILTERS" -e PYTHONPATH="$FILTERS" -e OS_NOVA_CONFIG_DIR="$ETC/nova"
}

release_start_nova_metadata() {
    uwsgi_service nova-metadata "$MPORT" 1 nova.wsgi.metadata:application -w "$ETC/nova/nova.conf" -w "$ETC/nova/api-paste.ini" \
        -e OS_NOVA_CONFIG_DIR="$ETC/nova"
}

release_start_glance_api() {
    uwsgi_service glance-api "$GPORT" 1 glance.wsgi.api:application -w "$ETC/glance" -e OS_GLANCE_CONFIG_DIR="$ETC/glance"
}

# Heat takes its configuration from the command line only, which uwsgi makes up for it from this variable.
release_start_heat_api() {
    uwsgi_service heat-api "$HPORT" 1 heat.wsgi.api:application -w "$ETC/heat" -e UWSGI_PYARGV="--config-file $ETC/heat/heat.conf"
}
