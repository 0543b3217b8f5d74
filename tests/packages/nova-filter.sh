# What has to be true of openstack-sev-nova-filter. Part of tests/packages.sh.
# shellcheck shell=bash
# shellcheck disable=SC2154  # of packages.sh: ROOT WORK

installed_nova-filter() {
    inside python3 - >"$WORK/out" 2>&1 <<'END' || fail "the filter: $(cat "$WORK/out")"
from importlib.metadata import distribution, entry_points
from pathlib import Path
import openstack_sev_filter.decision
import openstack_sev_filter.snapshot_file
def target(group):
    return [point.value for point in entry_points(group=group)]
assert target("nova.api.extra_spec_validators") == ["openstack_sev_filter.extra_specs"], target("nova.api.extra_spec_validators")
assert target("oslo.config.opts") == ["openstack_sev_filter.options:list_opts"]
folder = Path(openstack_sev_filter.snapshot_file.__file__).parent
assert folder == Path("/usr/lib/python3/dist-packages/openstack_sev_filter"), folder
assert (folder / "py.typed").exists() and list((folder / "__pycache__").glob("filter.*.pyc")), "not compiled"
assert distribution("openstack-sev-filter").version
END
    documented nova-filter
}

# Nothing is enabled by it: nova.conf is the administrator's.
configured_nova-filter() { :; }
upgraded_nova-filter() { installed_nova-filter; }
