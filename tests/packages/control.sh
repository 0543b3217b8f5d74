# What has to be true of openstack-sev-control. Part of tests/packages.sh.
# shellcheck shell=bash
# shellcheck disable=SC2154  # of packages.sh: ROOT WORK

CONTROL_STATE=/var/lib/openstack-sev/control

control() { inside runuser -u openstack-sev -- openstack-sev-control "$@" >"$WORK/out" 2>&1 || fail "openstack-sev-control $*: $(cat "$WORK/out")"; }
in_database() { inside python3 -c 'import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); print(c.execute(sys.argv[2]).fetchall()); c.commit()' $CONTROL_STATE/control.sqlite "$1"; }

installed_control() {
    documented control
    mode /etc/openstack-sev/openstack-sev.conf "640 root:openstack-sev"
    mode $CONTROL_STATE "750 openstack-sev:openstack-sev"
    mode /var/lib/openstack-sev/node-ca "700 openstack-sev:openstack-sev"
    # nobody has said where Keystone is: it says so, once
    unit openstack-sev-control "failed 78"
    says '^error: .*password: not set'
}

# It serves, and is told to stop while it answers: what it has begun to answer is answered, also after longer than any library waits.
answers() {
    unit openstack-sev-control ready python3 -c '
import os, signal, socket, time, urllib.request
assert b"versions" in urllib.request.urlopen("http://127.0.0.1:9520/").read()
assert b"# TYPE" in urllib.request.urlopen("http://127.0.0.1:9521/metrics").read()
program = next(int(pid) for pid in os.listdir("/proc") if pid.isdigit() and open(f"/proc/{pid}/comm").read().startswith("openstack-sev-c"))
guest = socket.create_connection(("127.0.0.1", 9520), 30)
guest.sendall(b"POST /v1/challenges HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\nContent-Length: 2\r\nAuthorization: Bearer x\r\nExpect: 100-continue\r\n\r\n")
os.kill(program, signal.SIGTERM)
time.sleep(3)
guest.sendall(b"{}")
answer = guest.recv(4096)
print(answer.split(b"\r\n")[0])
assert b" 401 " in answer or b" 4" in answer, answer
# It ends by that one signal, as under systemd: another one, while it closes, would kill it.
for _ in range(600):
    if open(f"/proc/{program}/stat").read().rsplit(")", 1)[1].split()[0] == "Z":
        break
    time.sleep(0.1)
else:
    raise SystemExit("it does not end")'
}

purged_control() { kept_for_root control.key; }

configured_control() {
    secret control.key openstack-sev
    cat >>"$ROOT/etc/openstack-sev/openstack-sev.conf" <<'END'
[keystone_authtoken]
auth_url = http://127.0.0.1:5000/v3
password = secret
user_domain_id = default
project_domain_id = default
END
    # without a database it says what helps, and goes on by itself once it is there
    unit_says openstack-sev-control "storage.unavailable.*make it with 'openstack-sev-control manage db sync'"
    control manage db sync
    answers
    mode $CONTROL_STATE/control.sqlite "600 openstack-sev:openstack-sev"
    mode $CONTROL_STATE/results.keys "600 openstack-sev:openstack-sev"
    sha256sum "$ROOT$CONTROL_STATE"/*.keys >"$WORK/keys"
    # the tables of a version before all of them: the upgrade has to bring them
    mv "$ROOT$CONTROL_STATE/control.sqlite" "$WORK/control.sqlite"
    rm -f "$ROOT$CONTROL_STATE"/control.sqlite-*
    install -m 600 -o "$(inside id -u openstack-sev)" -g "$(inside id -g openstack-sev)" /dev/null "$ROOT$CONTROL_STATE/control.sqlite"
}

upgraded_control() {
    grep -q '^password = secret' "$ROOT/etc/openstack-sev/openstack-sev.conf" || fail "the configuration is another one after the upgrade"
    mode /etc/openstack-sev/openstack-sev.conf "640 root:openstack-sev"
    sha256sum -c --quiet "$WORK/keys" || fail "the keys are others after the upgrade"
    control manage db version
    ! grep -q pending "$WORK/out" || fail "the database was not brought to the new version: $(cat "$WORK/out")"
    answers
    # one that is up to date keeps what is in it
    in_database "create table witness (word text)" >/dev/null
    install_new control
    [ "$(in_database 'select count(*) from witness')" = "[(0,)]" ] || fail "the database is another one after an installation"
    answers
}
