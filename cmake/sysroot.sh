#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# sysroot.sh FOLDER PACKAGE...: unpacks Debian's arm64 packages into FOLDER,
# unless they are there. They are not installed, and dpkg is not told of another
# architecture: apt gets state and caches of its own, in FOLDER.apt, and asks
# where this machine asks.
set -eu
folder=$1
shift
mkdir -p "$folder.apt"
state=$(cd "$folder.apt" && pwd)
if [ "$(cat "$state/unpacked" 2>/dev/null)" = "$*" ]; then
    exit
fi
rm -rf "$folder" "$state"
mkdir -p "$folder" "$state/lists/partial" "$state/archives/partial"
: >"$state/status"
cat >"$state/apt.conf" <<END
APT::Architecture "arm64";
APT::Architectures "arm64";
APT::Sandbox::User "";
Dir::State "$state";
Dir::State::status "$state/status";
Dir::Cache "$state";
END
export APT_CONFIG="$state/apt.conf"
apt-get -q update
(cd "$state/archives" && apt-get -q download "$@")
for package in "$state"/archives/*.deb; do
    dpkg-deb --extract "$package" "$folder"
done
rm -rf "$state/lists" "$state/archives" "$state"/*.bin
echo "$*" >"$state/unpacked"
