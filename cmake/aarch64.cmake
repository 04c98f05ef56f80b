# SPDX-License-Identifier: BSD-2-Clause
# Builds for aarch64 on another machine, and runs the tests under qemu-user.
#
# Compiler, C library and qemu are this machine's packages. The headers and
# libraries that the tests need besides are arm64's own, which cmake/sysroot.sh
# has unpacked into build/sysroot: Concurrency Kit's ck_md.h says there that
# memory is weak, and this machine's says that it is not.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64 -L /usr/aarch64-linux-gnu)

set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
set(CMAKE_FIND_ROOT_PATH ${CMAKE_CURRENT_LIST_DIR}/../build/sysroot)
# Where Debian has those headers that differ by architecture.
set(CMAKE_C_STANDARD_INCLUDE_DIRECTORIES
    ${CMAKE_FIND_ROOT_PATH}/usr/include/${CMAKE_LIBRARY_ARCHITECTURE})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
