# Cinder: API, scheduler, and volumes of Cinder's own fake driver, which are records without storage.
# shellcheck shell=bash

configure_volumes() {
    mkdir -p "$ETC/cinder" "$STATE_DIR/cinder"
    render cinder.conf "$ETC/cinder/cinder.conf"
    render cinder-resource-filters.json "$ETC/cinder/resource-filters.json"
    render cinder-api-paste.ini "$ETC/cinder/api-paste.ini"
}

cinder_schema() { inside "${LAUNCH[@]}" cinder-manage --config-file "$ETC/cinder/cinder.conf" db sync; }

# Cinder takes its configuration from the command line only, as Heat does.
start_volumes() {
    service cinder-volume -w "$ETC/cinder" -- "${LAUNCH[@]}" cinder-volume --config-file "$ETC/cinder/cinder.conf"
    service cinder-scheduler -w "$ETC/cinder" -- "${LAUNCH[@]}" cinder-scheduler --config-file "$ETC/cinder/cinder.conf"
    uwsgi_service cinder-api "$VPORT" 1 cinder.wsgi.api:application -w "$ETC/cinder" -e UWSGI_PYARGV="--config-file $ETC/cinder/cinder.conf"
}

wait_for_volumes() {
    wait_for_reports cinder-volume cinder-scheduler
    say "volumes are ready"
}
