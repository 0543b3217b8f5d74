# Configuration files: etc/*.in with @NAME@ for a setting. Written anew at each run.
# shellcheck shell=bash

write_configuration() {
    umask 027
    mkdir -p "$ETC"/{keystone,placement,nova,glance,heat,rabbitmq} "$RUN_DIR" "$LOG_DIR" "$CODE_DIR" \
        "$STATE_DIR"/{home,images,nova/control,lock,trust,keys/fernet,keys/credential,rabbitmq,mysql,mem-encryption,heat-plugins}
    save_settings
    # The services run a copy: a checkout that moves or changes does not change a running stack.
    cp "$HERE"/python/*.py "$CODE_DIR/"
    derive_sections
    render keystone.conf "$ETC/keystone/keystone.conf"
    render placement.conf "$ETC/placement/placement.conf"
    render glance-api.conf "$ETC/glance/glance-api.conf"
    render glance-paste.ini "$ETC/glance/paste.ini"
    render nova.conf "$ETC/nova/nova.conf"
    render nova-api-paste.ini "$ETC/nova/api-paste.ini"
    render heat.conf "$ETC/heat/heat.conf"
    render heat-api-paste.ini "$ETC/heat/api-paste.ini"
    render rabbitmq.conf "$ETC/rabbitmq/rabbitmq.conf"
    render clouds.yaml "$STATE_DIR/clouds.yaml"
    render openrc "$STATE_DIR/openrc"
    chmod 600 "$STATE_DIR/clouds.yaml" "$STATE_DIR/openrc"
    [ "$WITH_NETWORK" = no ] || configure_network
    [ "$WITH_VOLUMES" = no ] || configure_volumes
    echo '[].' >"$ETC/rabbitmq/enabled_plugins"
    configure_scheduler
    configure_computes
}

# render TEMPLATE FILE: a name without a value stops the script (set -u).
render() {
    local text name
    text=$(<"$HERE/etc/$1.in")
    for name in $(grep -o '@[A-Z_]*@' "$HERE/etc/$1.in" | sort -u | tr -d @); do
        text=${text//"@$name@"/"${!name}"}
    done
    printf '%s\n' "$text" >"$2"
}

# What several templates share.
# shellcheck disable=SC2034  # used by name, in render
derive_sections() {
    NOVA_CREDENTIALS=$(credentials_of nova)
    NOVA_AUTHTOKEN=$(authtoken_of nova)
    PLACEMENT_AUTHTOKEN=$(authtoken_of placement)
    GLANCE_AUTHTOKEN=$(authtoken_of glance)
    HEAT_AUTHTOKEN=$(authtoken_of heat)
    NEUTRON_AUTHTOKEN=$(authtoken_of neutron)
    CINDER_CREDENTIALS=$(credentials_of cinder)
    CINDER_AUTHTOKEN=$(authtoken_of cinder)
    VENDORDATA=$(vendordata)
    VOLUME_KEY=$(printf 'volumes %s' "$PASSWORD" | sha256sum | cut -c 1-64)
    # Heat encrypts what it stores with this key of 32 characters.
    HEAT_ENCRYPTION_KEY=$(printf 'heat %s' "$PASSWORD" | sha256sum | cut -c 1-32)
}

credentials_of() {
    cat <<EOF
auth_type = password
auth_url = http://$IP:$KPORT/v3
username = $1
password = $PASSWORD
project_name = service
user_domain_id = default
project_domain_id = default
region_name = RegionOne
valid_interfaces = internal,public
EOF
}

authtoken_of() {
    credentials_of "$1"
    cat <<EOF
www_authenticate_uri = http://$IP:$KPORT/v3
service_token_roles = service
service_token_roles_required = true
EOF
}

# Nova asks this URL at each GET of vendor_data2.json and hands the answer to the instance under the name "sev".
vendordata() {
    [ -n "$VENDORDATA_URL" ] || return 0
    cat <<EOF
vendordata_providers = StaticJSON,DynamicJSON
vendordata_dynamic_targets = sev@$VENDORDATA_URL
vendordata_dynamic_failure_fatal = false
$VENDORDATA_CA
EOF
}

# A filter's modules and configuration are copied: so the scheduler of each release can read them, and a changed
# filter restarts scheduler and API at the next up.sh. A Python project is installed, with its entry points.
configure_scheduler() {
    local folder folders
    rm -rf "${FILTERS:?}"
    mkdir -p "$FILTERS"
    IFS=: read -ra folders <<<"$FILTER_PATH"
    for folder in "${folders[@]}"; do
        [ -d "$folder" ] || die "OSEV_PYTHONPATH names '$folder', which is no folder" \
            "name the folder that holds the filter's module or package"
        if [ -r "$folder/pyproject.toml" ]; then "$PYTHON" "$HERE/python/install_filter.py" "$folder" "$FILTERS"
        else cp -r "$folder/." "$FILTERS/"; fi
    done
    if [ -n "$FILTER_CONF" ]; then cat "$FILTER_CONF"; fi >"$ETC/nova/scheduler.conf"
}
