#!/usr/bin/env bash
# Writes the table "what was shown on which release" of README.md from the results of the last run of tests/run.sh.
set -euo pipefail
cd "$(dirname "$0")/.."
RESULTS=artifacts/test-results
RELEASES=(zed 2026.2)

# outcomes RELEASE: "test name<TAB>outcome" a line; the cases of one test are one line, with the worst of their outcomes
outcomes() {
    grep -o '<UnitTestResult [^>]*>' "$RESULTS/OpenStackSev.Acceptance-$1.trx" |
        sed -E 's/.*testName="([^"]*)".*/\1\t&/; s/\t.*outcome="([A-Za-z]*)".*/\t\1/; s/\([^\t]*\t/\t/; s/^[A-Za-z0-9_.]*\.([A-Za-z0-9_]*)/\1/' |
        awk -F'\t' 'function worth(o) { return o == "Passed" ? 1 : o == "NotExecuted" ? 2 : 3 }
            !($1 in worst) || worth($2) > worth(worst[$1]) { worst[$1] = $2 }
            END { for (name in worst) print name "\t" worst[name] }' | sort
}

for release in "${RELEASES[@]}"; do
    [ -s "$RESULTS/OpenStackSev.Acceptance-$release.trx" ] ||
        { printf 'error: no results of %s in %s\nhint: run tests/run.sh first\n' "$release" "$RESULTS" >&2; exit 1; }
done

TABLE=$(
    echo '| shown on a real cloud | Zed | 2026.2 |'
    echo '|---|---|---|'
    join -t "$(printf '\t')" <(outcomes zed) <(outcomes 2026.2) | while IFS=$'\t' read -r name zed new; do
        mark() { case $1 in Passed) echo yes ;; NotExecuted) echo '–' ;; *) echo "**$1**" ;; esac; }
        echo "| ${name//_/ } | $(mark "$zed") | $(mark "$new") |"
    done
)
awk -v table="$TABLE" '
    /<!-- shown -->/ { print; print table; skip = 1; next }
    /<!-- end of shown -->/ { skip = 0 }
    !skip { print }' README.md >README.md.new
mv README.md.new README.md
echo "$TABLE"
