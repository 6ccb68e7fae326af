#!/usr/bin/env bash
# system-packages.sh runtime|dev|prove: install the Debian packages that are missing, or say exactly what to install.
set -euo pipefail
runtime=(python3-venv libssl3)
dev=("${runtime[@]}" chromium fonts-noto-cjk rsyslog rsyslog-elasticsearch bsdutils openssl softhsm2 opensc nftables
  softflowd pmacct snmpd snmp mosquitto nginx-light openssh-server libvirt-clients
  iproute2 iputils-ping)
prove=("${dev[@]}" python3-keystone)
case ${1:-runtime} in
  runtime) wanted=("${runtime[@]}") ;;
  dev) wanted=("${dev[@]}") ;;
  prove) wanted=("${prove[@]}") ;;
  *) echo "usage: system-packages.sh runtime|dev|prove" >&2; exit 2 ;;
esac
command -v dpkg-query >/dev/null || { echo "not a Debian system: install the likes of: ${wanted[*]}" >&2; exit 0; }
missing=()
for package in "${wanted[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0
if [ "$(id -u)" -eq 0 ]; then
  echo "installing system packages: ${missing[*]}" >&2
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq >/dev/null || true
  apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
elif [ "$1" != runtime ]; then
  echo "tests that need them are skipped until an administrator runs: apt-get install ${missing[*]}" >&2
elif ! python3 -m venv --help >/dev/null 2>&1; then
  echo "cannot make a virtual environment; an administrator has to run: apt-get install ${missing[*]}" >&2
  exit 1
fi
