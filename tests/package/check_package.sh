#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# check_package: what a user of the installed library does, done.
#
# usage: sh check_package.sh WAY BUILD     BUILD is a finished build of troupe
#
#     install           into BUILD/package/prefix; the other ways need it
#     find_package      a CMake project, C and C++17, shared and static
#     pkg_config        compilers called by hand, C and C++17, shared and static
#     add_subdirectory  a CMake project with troupe's sources inside
#     starter           examples/starter, copied out of the tree, with its test
set -eu

way=$1
build=$2
source=$(cd "$(dirname "$0")/../.." && pwd)
work=$build/package/$way
prefix=$build/package/prefix
said="alice has 5023 cents"

fail() {
    echo "check_package: $*" >&2
    exit 1
}

# runs PROGRAM... fails unless each prints what the consumer prints.
runs() {
    for program in "$@"; do
        [ "$("$program")" = "$said" ] || fail "$program does not print: $said"
    done
}

# Configures the project and builds all of it. build_project FOLDER OPTION...
build_project() {
    folder=$1
    shift
    cmake -G Ninja -S "$folder" -B "$work" "$@"
    cmake --build "$work"
}

# Whether the library was built with its network.
has_net() {
    [ -e "$prefix/lib/libtroupe-net.a" ]
}

install() {
    rm -rf "$prefix"
    cmake --install "$build" --prefix "$prefix"
    library=$prefix/lib/libtroupe.so.0
    [ -e "$library" ] || fail "there is no $library"
    readelf -d "$library" | grep -q 'SONAME.*\[libtroupe\.so\.0\]' ||
        fail "the soname is not libtroupe.so.0"
    exported=$(nm -D --defined-only "$library" | awk '{ print $3 }')
    [ -n "$exported" ] || fail "the shared library exports nothing"
    hidden=$(echo "$exported" | grep -v '^troupe_' || :)
    [ -z "$hidden" ] || fail "exported, but not public:" $hidden
    for script in "$prefix/share/gdb/troupe-gdb.py" "$(realpath "$library")-gdb.py"; do
        [ -e "$script" ] || fail "$script is not installed"
    done
    for header in "$source"/include/troupe/*.h; do
        [ -e "$prefix/include/troupe/${header##*/}" ] || fail "$header is not installed"
    done
}

find_package() {
    build_project "$source/tests/package/consumer" -DCMAKE_PREFIX_PATH="$prefix"
    runs "$work/c_shared" "$work/c_static" "$work/cxx_shared" $(has_net && echo "$work/c_net")
}

pkg_config() {
    export PKG_CONFIG_PATH="$prefix/lib/pkgconfig" LD_LIBRARY_PATH="$prefix/lib"
    consumer=$source/tests/package/consumer
    mkdir -p "$work"
    cc -std=c11 -Wall -Wextra -Werror "$consumer/main.c" -o "$work/c_shared" \
        $(pkg-config --cflags --libs troupe)
    c++ -std=c++17 -Wall -Wextra -Werror "$consumer/main.cpp" -o "$work/cxx_shared" \
        $(pkg-config --cflags --libs troupe)
    cc -std=c11 -static "$consumer/main.c" -o "$work/c_static" \
        $(pkg-config --static --cflags --libs troupe)
    runs "$work/c_shared" "$work/cxx_shared" "$work/c_static"
    has_net || return 0
    cc -std=c11 -Wall -Wextra -Werror "$consumer/net.c" -o "$work/c_net" \
        $(pkg-config --cflags --libs troupe-net)
    runs "$work/c_net"
}

add_subdirectory() {
    build_project "$source/tests/package/parent" -DTROUPE_SOURCE="$source" \
        -DCMAKE_EXPORT_COMPILE_COMMANDS=ON
    runs "$work/embedded" "$work/embedded_static"
    # The parent's own file, its only ones here, is compiled as the parent says.
    grep '"command".*consumer/main.c' "$work/compile_commands.json" |
        grep -e ' -W' -e _GNU_SOURCE && fail "the parent is compiled with troupe's flags"
    for folder in cli examples bench tests; do
        [ ! -e "$work/troupe/$folder" ] || fail "$folder was built for the parent"
    done
}

starter() {
    rm -rf "$work.copy"
    cp -R "$source/examples/starter" "$work.copy"
    build_project "$work.copy" -DCMAKE_PREFIX_PATH="$prefix"
    ctest --test-dir "$work" --output-on-failure --no-tests=error
}

rm -rf "$work"
"$way"
