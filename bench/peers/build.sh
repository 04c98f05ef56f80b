#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# build: makes FOLDER/bench-PEER of a peer's sources here, with what Debian's packages
# give. Nothing is written outside FOLDER.
#
# usage: sh bench/peers/build.sh PEER FOLDER
set -eu

peer=$1
mkdir -p "$2"
folder=$(cd "$2" && pwd)
cd "$(dirname "$0")/$peer"
# Debian's compilers, also where others come first.
PATH=/usr/bin:/bin:$PATH

case $peer in
caf)
    g++ -std=c++17 -O3 -DNDEBUG -flto=auto ./*.cpp -o "$folder/bench-caf" -lcaf_core -lpthread
    ;;
erlang)
    erlc +inline +'{inline_size,64}' -o "$folder" bench_erlang.erl
    # +P: room for two million processes, where the default is 262,144.
    cat >"$folder/bench-erlang" <<'END'
#!/bin/sh
threads=2
for word in "$@"; do
    case $word in threads=*) threads=${word#*=} ;; esac
done
exec erl +P 2000000 +S "$threads:$threads" -noshell -noinput -pa "$(dirname "$0")" \
    -eval 'bench_erlang:main(init:get_plain_arguments())' -extra "$@"
END
    chmod +x "$folder/bench-erlang"
    ;;
go)
    GOCACHE=$folder/go-cache GOPATH=$folder/go-path GOPROXY=off \
        go build -buildvcs=false -o "$folder/bench-go" .
    ;;
tokio)
    # In a copy, as cargo leaves a Cargo.lock beside what it builds.
    rm -rf "$folder/tokio"
    cp -R . "$folder/tokio"
    cd "$folder/tokio"
    export RUSTC=rustc CARGO_HOME="$folder/cargo-home" CARGO_TARGET_DIR="$folder/tokio-target"
    cargo generate-lockfile --offline
    TOKIO_VERSION=$(sed -n '/^name = "tokio"$/{n;s/version = "\(.*\)"/\1/p;}' Cargo.lock)
    export TOKIO_VERSION
    cargo build --release --offline
    cp "$folder/tokio-target/release/bench-tokio" "$folder/bench-tokio"
    ;;
*)
    echo "build: no peer is called '$peer'; there are caf erlang go tokio" >&2
    exit 2
    ;;
esac
