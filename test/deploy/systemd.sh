#!/bin/sh
# systemd itself as the first process of namespaces of its own, with the project's unit and nothing else of this machine's.
# Arguments: the project's folder, Node, a folder to work in. Run as root by `unshare` (systemd-runs.test.ts).
set -eu
project=$1 node=$2 work=$3

# As on a machine that was booted: what the unit's credentials need to appear.
mount --make-rshared /
hostname gavelring-test
ip link set lo up

# The unit protects home folders and has a /tmp of its own: what it runs is put where it can be seen.
mount --bind "$project" /mnt
mount -t tmpfs tmpfs /usr/local/bin
touch /usr/local/bin/node
mount --bind "$node" /usr/local/bin/node
printf '#!/bin/sh\nexec /usr/local/bin/node /mnt/src/cli/gavelring.mjs "$@"\n' >/usr/local/bin/gavelring
chmod 755 /usr/local/bin/gavelring

# As docs/service.md says.
mkdir "$work/etc"
cp -a /etc/passwd /etc/group /etc/nsswitch.conf "$work/etc"
echo 'gavelring:x:64999:64999::/nonexistent:/usr/sbin/nologin' >>"$work/etc/passwd"
echo 'gavelring:x:64999:' >>"$work/etc/group"
mkdir "$work/etc/gavelring" "$work/units"
cp "$project/deploy/gavelring.env" "$work/etc/gavelring"
(umask 077 && echo 'a code that nobody guesses' >"$work/etc/gavelring/room-code")
for peer in a:4001 b:4002 c:4003; do
  echo "GAVELRING_LISTEN=127.0.0.1:${peer#*:}" >"$work/etc/gavelring/${peer%:*}.env"
done

# Units of this machine are not looked at: in place of those that every service stands on there are empty ones.
cp "$project/deploy/gavelring@.service" "$work/units"
for target in sysinit basic shutdown network-online multi-user; do
  printf '[Unit]\nDefaultDependencies=no\n' >"$work/units/$target.target"
done
printf '[Unit]\nDefaultDependencies=no\nWants=gavelring@a.service gavelring@b.service gavelring@c.service\n' >"$work/units/test.target"

mount -t tmpfs tmpfs /run
mkdir /run/own
mount --bind "$work" /run/own
for folder in /tmp /var/tmp /var/lib /var/cache /var/log; do mount -t tmpfs tmpfs "$folder"; done
mount --bind /run/own/etc /etc

umount -R /sys/fs/cgroup
mount -t sysfs -o ro sysfs /sys
if [ -n "${HYBRID:-}" ]; then
  mount -t tmpfs tmpfs /sys/fs/cgroup
  mkdir /sys/fs/cgroup/systemd /sys/fs/cgroup/unified
  mount -t cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd
  mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified
else
  mount -t cgroup2 cgroup2 /sys/fs/cgroup
fi

export container=test SYSTEMD_UNIT_PATH=/run/own/units
exec "${SYSTEMD:-/lib/systemd/systemd}" --system --unit=test.target --log-target=console --show-status=no --default-standard-output=inherit
