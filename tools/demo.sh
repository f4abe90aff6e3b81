#!/bin/sh
# The whole story on a config repo made from sample-repo/: bump, flip, status, rollback. `make demo` runs it.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
repo="$here/.demo/config-repo"

say() { printf '\n\033[1m# %s\033[0m\n' "$*"; }
run() {
  printf '\n$ %s\n' "$*"
  "$@"
}
[ -t 1 ] || say() { printf '\n# %s\n' "$*"; }

rm -rf "$repo"
mkdir -p "$repo"
cp -R "$here/sample-repo/." "$repo"
cd "$repo"
git init --quiet --initial-branch=main
git config user.name 'Demo User'
git config user.email demo@example.com
git config commit.gpgsign false
git add .
git commit --quiet --message 'A config repo made from sample-repo'

say 'What runs where'
run bggen status

cd apps/hello/staging
say 'The plan of a new release: state and manifests as a diff; nothing is changed'
run bggen bump --image v2 --dry-run

say 'Give the idle colour the new release: one commit'
run bggen bump --image v2
run git log -1 --stat --format='%h %s'

say 'It touches no byte of the active colour (blue), nor of the Service and the Ingress that lead to it'
run git diff --exit-code --stat HEAD~1 -- 'manifests/*-blue.yaml' manifests/service-hello.yaml manifests/ingress-hello.yaml
echo '(no difference)'

say 'What a flip would change for users'
run bggen diff

say 'Flip: one small commit moves the traffic; no pod template changes'
run bggen flip --release 2
run git show --format='%h %s%n%n%b' --unified=1 HEAD -- release.yaml manifests/service-hello.yaml

say 'What runs where'
run bggen status --app hello

say 'Something is wrong with v2: back, whatever stands in the way; further flips are on hold'
run bggen rollback
run bggen rollback
run bggen status --app hello

say 'A flip is refused until somebody ends the hold'
printf '\n$ bggen flip\n'
bggen flip || echo "(exit code $?)"
run bggen unhold

say 'The manifests are what the state renders, and everything is valid'
run bggen render --check
run bggen validate

printf '\nThe config repo is in %s: look around with git log --patch.\n' "${repo#"$here/"}"
