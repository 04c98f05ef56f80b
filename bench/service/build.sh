#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# build: makes FOLDER/service-PEER, a bank's server of a peer's sources here, with what
# Debian's packages give. Nothing is written outside FOLDER.
#
# usage: sh bench/service/build.sh PEER FOLDER
set -eu

peer=$1
mkdir -p "$2"
folder=$(cd "$2" && pwd)
cd "$(dirname "$0")"
# Debian's compilers, also where others come first.
PATH=/usr/bin:/bin:$PATH

case $peer in
go)
    cd go
    GOCACHE=$folder/go-cache GOPATH=$folder/go-path GOPROXY=off \
        go build -buildvcs=false -o "$folder/service-go" .
    ;;
erlang)
    erlc -o "$folder" erlang/*.erl
    # +P, +Q: room for a million accounts, connections and sockets.
    cat >"$folder/service-erlang" <<'END'
#!/bin/sh
exec erl +P 2000000 +Q 1000000 +K true -noshell -noinput -pa "$(dirname "$0")" \
    -eval 'bank_service:main(init:get_plain_arguments())' -extra "$@"
END
    chmod +x "$folder/service-erlang"
    ;;
*)
    echo "build: no peer is called '$peer'; there are erlang go" >&2
    exit 2
    ;;
esac
