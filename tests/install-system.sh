#!/bin/sh
# Programs that some tests need and PyPI does not have: a browser and a database server. Debian's
# packages where we may install them; elsewhere those tests skip, and say what is missing.
set -eu
missing=""
command -v chromium >/dev/null || missing="chromium"
ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || missing="$missing postgresql"
if [ -z "$missing" ]; then exit 0; fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "tests that need$missing will skip: no right to install them here" >&2
    exit 0
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update --quiet=2
# shellcheck disable=SC2086 # a list of names
apt-get install --quiet=2 --yes --no-install-recommends $missing >/dev/null
