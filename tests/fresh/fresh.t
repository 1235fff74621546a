#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# The README's commands on a machine that has nothing: debootstrap's minimal system of a Debian suite, in
# a folder, on this kernel; with make installed and a clean copy of the checkout.
#
# usage: tests/fresh/fresh.t DIR SUITE TARGET...
#   DIR     where the system goes, for the time of the test
#   TARGET  make's: demo, check
#
# Mounts are in a namespace of their own and go with it; nothing is started but by the targets.
set -euo pipefail
MIRROR=${FRESH_MIRROR:-http://deb.debian.org/debian}
PATH=$PATH:/usr/sbin:/sbin

skip_all() {
	echo "1..0 # SKIP $*"
	exit 0
}

if [ "${1-}" != --inside ]; then
	[ $# -ge 3 ] || { sed -n '7,9s/^# \{0,1\}//p' "$0" >&2 && exit 2; }
	[ "$(id -u)" = 0 ] || skip_all "needs root"
	command -v debootstrap >/dev/null || { echo "fresh.t: debootstrap is missing (make deps-fresh)" >&2 && exit 1; }
	exec unshare --mount --propagation private "$0" --inside "$@"
fi
shift
mkdir -p "$1"
dir=$(realpath "$1") suite=$2
shift 2
root=$dir/$suite log=$dir/$suite.log
failed=0 tests=0

cleanup() {
	umount -l "$root"/{dev,sys,proc} "$root" 2>/dev/null || :
	# Should one still be mounted, nothing of it is removed.
	rm -rf --one-file-system "$root"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

result() { # status, name
	local not=''
	tests=$((tests + 1))
	if [ "$1" != 0 ]; then
		not='not ' failed=1
		tail -n 60 "$log" | sed 's/^/# /'
	fi
	echo "${not}ok $tests - $suite: $2"
}

inside() {
	chroot "$root" env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb \
		LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive sh -c "cd /root/stealscope && $1" >"$log" 2>&1 </dev/null
}

setup() {
	local there
	rm -rf --one-file-system "$root"
	debootstrap --variant=minbase "$suite" "$root" "$MIRROR" || return
	printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d" && chmod +x "$root/usr/sbin/policy-rc.d" || return
	cp /etc/resolv.conf "$root/etc/resolv.conf" || return
	# A machine's root is a mount; one that is none has no mount namespaces (unshare --mount).
	mount --bind "$root" "$root" || return
	for there in proc sys dev; do
		mount --rbind "/$there" "$root/$there" && mount --make-rslave "$root/$there" || return
	done
	mkdir "$root/root/stealscope" || return
	git ls-files -z | tar -c --null -T - | tar -x -C "$root/root/stealscope" || return
}

status=0
setup >"$log" 2>&1 || status=$?
result $status "a minimal system"
status=0
inside "apt-get update -q && apt-get install -q -y --no-install-recommends make" || status=$?
result $status "with make"
for target; do
	status=0
	inside "make WERROR=1 $target" || status=$?
	result $status "make $target"
	[ "$target" != demo ] || { grep -q '^DOMAIN.*STEAL%.*WHY' "$log" && grep -q '^web-01 ' "$log"; } || status=1
	[ "$target" != demo ] || result $status "… shows who suffers"
	[ "$target" != check ] || sed -n '/^SKIPPED/,$s/^/# /p' "$log"
done
echo "1..$tests"
exit $failed
