# Sourced by up.sh, down.sh and compute.sh: what the three have in common, in reading order.
# shellcheck shell=bash source-path=SCRIPTDIR

# shellcheck source=messages.sh
. "$HERE/lib/messages.sh"
# shellcheck source=settings.sh
. "$HERE/lib/settings.sh"
# shellcheck source=packages.sh
. "$HERE/lib/packages.sh"
# shellcheck source=process.sh
. "$HERE/lib/process.sh"
# shellcheck source=config.sh
. "$HERE/lib/config.sh"
# shellcheck source=broker.sh
. "$HERE/lib/broker.sh"
# shellcheck source=database.sh
. "$HERE/lib/database.sh"
# shellcheck source=services.sh
. "$HERE/lib/services.sh"
# shellcheck source=network.sh
. "$HERE/lib/network.sh"
# shellcheck source=volumes.sh
. "$HERE/lib/volumes.sh"
# shellcheck source=computes.sh
. "$HERE/lib/computes.sh"

# The distribution's programs only: a pyenv, a virtual environment or a user site on the caller's
# PATH would shadow the Python that the packages were built for.
export LC_ALL=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin
unset PYTHONHOME PYTHONPATH
PYTHON=/usr/bin/python3

# load_release zed|2026.2: everything that differs between releases is in that one file.
load_release() {
    [ -r "$HERE/release/$1.sh" ] || { echo "error: no release '$1'; there is: $(known_releases)" >&2; exit 2; }
    # shellcheck source=/dev/null
    . "$HERE/release/$1.sh"
}

known_releases() { basename -s .sh "$HERE"/release/*.sh | xargs; }
