# What has to be true of openstack-sev-agent. Part of tests/packages.sh.
# shellcheck shell=bash
# shellcheck disable=SC2154  # of packages.sh: ROOT WORK

installed_agent() {
    documented agent
    mode /etc/openstack-sev/agent.conf "640 root:root"
    mode /var/lib/openstack-sev/agent "700 root:root"
    # nobody has said which cloud this is: it says so, once
    unit openstack-sev-agent "failed 78"
    says '^error: .*cloud'
}

configured_agent() {
    mkdir -p "$ROOT/etc/openstack"
    cat >"$ROOT/etc/openstack/clouds.yaml" <<'END'
clouds:
  here:
    auth: {auth_url: "http://127.0.0.1:5000/v3", username: agent, password: secret, project_name: service, user_domain_name: Default, project_domain_name: Default}
END
    printf '[openstack]\ncloud = here\n' >>"$ROOT/etc/openstack-sev/agent.conf"
    # Keystone is away: it runs, and asks again
    unit openstack-sev-agent ready
}

upgraded_agent() {
    grep -q '^cloud = here' "$ROOT/etc/openstack-sev/agent.conf" || fail "the configuration is another one after the upgrade"
    [ -e "$ROOT/etc/openstack-sev/agent.conf.dpkg-dist" ] || fail "the new sample is not beside it"
    unit openstack-sev-agent ready
    rm -r "$ROOT/etc/openstack"
}
