#!/usr/bin/env bash
# Real counterparts that tests run by themselves, on free ports: an MQTT broker and a Prometheus server.
# Installs what is missing where it can; their services are neither started nor left enabled.
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin

missing=()
for program in mosquitto prometheus; do
  command -v "$program" >/dev/null || missing+=("$program")
done
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
  echo "The tests run a real ${missing[*]}: install it (Debian, Ubuntu: sudo apt-get install" \
       "--no-install-recommends ${missing[*]}) and try again." >&2
  exit 1
fi

# While this stands, package scripts do not start services.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
fi
echo "installing ${missing[*]} for the tests"
export DEBIAN_FRONTEND=noninteractive
install() { apt-get install --yes --quiet --no-install-recommends "${missing[@]}" >/dev/null; }
install 2>/dev/null || { apt-get update --quiet >/dev/null && install; }
if command -v systemctl >/dev/null; then
  systemctl disable --quiet "${missing[@]}" 2>/dev/null || true
fi
