# SPDX-License-Identifier: BSD-2-Clause
# What others link: every layer in TROUPE_LIBRARY_LAYERS, once as a shared and once
# as a static library, made of the very objects that the tests link.
#
#     troupe::troupe   libtroupe.so.0: exports what include/troupe declares TROUPE_API
#     troupe::static   libtroupe.a
#     troupe::net      libtroupe-net.a, where there is libuv: brings troupe::static
#
# The network is for static linking only: it is made of the library's inside, which
# the shared one does not export.
#
# Both names mean the same by find_package and by add_subdirectory.
include(CMakePackageConfigHelpers)

set(troupe_objects ${TROUPE_LIBRARY_LAYERS})
list(TRANSFORM troupe_objects REPLACE "(.+)" "$<TARGET_OBJECTS:troupe_\\1>")
add_library(troupe SHARED ${troupe_objects})
add_library(troupe_static STATIC ${troupe_objects})
add_library(troupe::troupe ALIAS troupe)
add_library(troupe::static ALIAS troupe_static)
set_target_properties(troupe PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION 0)
set_target_properties(troupe_static PROPERTIES OUTPUT_NAME troupe EXPORT_NAME static)
foreach(library troupe troupe_static)
    set_target_properties(${library} PROPERTIES LINKER_LANGUAGE C)
    target_include_directories(${library} INTERFACE
        $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
        $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
    target_link_libraries(${library} PUBLIC Threads::Threads)
endforeach()

# Part of the shared library, and not seen from outside; of the static one it is a
# neighbour.
target_link_libraries(troupe PRIVATE troupe::boost_context)
target_link_options(troupe PRIVATE LINKER:--exclude-libs,libboost_context.a)
target_link_libraries(troupe_static PUBLIC troupe::boost_context)

# Concurrency Kit is used through its headers alone: nobody has to link it.
target_link_libraries(troupe PRIVATE troupe_flags)
troupe_optimize_whole(troupe)

set(troupe_exported troupe troupe_static)
if(TARGET troupe_net)
    add_library(troupe_net_static STATIC
        $<TARGET_OBJECTS:troupe_net> $<TARGET_OBJECTS:troupe_rpc>)
    add_library(troupe::net ALIAS troupe_net_static)
    set_target_properties(troupe_net_static PROPERTIES
        OUTPUT_NAME troupe-net EXPORT_NAME net LINKER_LANGUAGE C)
    target_link_libraries(troupe_net_static PUBLIC troupe_static uv)
    if(OpenSSL_FOUND)
        target_link_libraries(troupe_net_static PUBLIC ssl crypto)
        set(TROUPE_PC_TLS " -lssl -lcrypto")
    endif()
    list(APPEND troupe_exported troupe_net_static)
endif()

# Tests link it, to hear of handlers that wait: include/troupe/blocking.h. It brings
# neither library of troupe, as the program may have either.
add_library(troupe_blocking STATIC blocking/waiting_calls.c)
add_library(troupe::blocking ALIAS troupe_blocking)
set_target_properties(troupe_blocking PROPERTIES
    OUTPUT_NAME troupe-blocking EXPORT_NAME blocking C_VISIBILITY_PRESET hidden)
target_link_libraries(troupe_blocking PRIVATE $<BUILD_INTERFACE:troupe_flags>
    INTERFACE ${CMAKE_DL_LIBS})
target_link_options(troupe_blocking INTERFACE LINKER:--undefined=troupe_blocking_is_linked)
list(APPEND troupe_exported troupe_blocking)

# As a part of another project, troupe is installed only if that project says so.
option(TROUPE_INSTALL "Install troupe's headers and libraries" ${PROJECT_IS_TOP_LEVEL})
if(NOT TROUPE_INSTALL)
    return()
endif()

set(troupe_cmake_dir ${CMAKE_INSTALL_LIBDIR}/cmake/troupe)
configure_package_config_file(cmake/troupe-config.cmake.in troupe-config.cmake
    INSTALL_DESTINATION ${troupe_cmake_dir})
write_basic_package_version_file(troupe-config-version.cmake
    COMPATIBILITY SameMinorVersion)

# The prefix may still change at install time, so troupe.pc finds it from where it is.
file(RELATIVE_PATH TROUPE_PC_TO_PREFIX /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
get_filename_component(TROUPE_PC_CONTEXT ${BOOST_CONTEXT_LIBRARY} NAME)
configure_file(cmake/troupe.pc.in troupe.pc @ONLY)

install(TARGETS ${troupe_exported} EXPORT troupe-targets)
install(EXPORT troupe-targets NAMESPACE troupe:: DESTINATION ${troupe_cmake_dir})
install(FILES ${PROJECT_BINARY_DIR}/troupe-config.cmake cmake/boost_context.cmake
    ${PROJECT_BINARY_DIR}/troupe-config-version.cmake DESTINATION ${troupe_cmake_dir})
install(FILES ${PROJECT_BINARY_DIR}/troupe.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
if(TARGET troupe_net)
    configure_file(cmake/troupe-net.pc.in troupe-net.pc @ONLY)
    install(FILES ${PROJECT_BINARY_DIR}/troupe-net.pc
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endif()
# Where gdb finds it by itself, if it trusts the folder, and where people do.
install(FILES share/gdb/troupe-gdb.py DESTINATION ${CMAKE_INSTALL_DATADIR}/gdb)
install(FILES share/gdb/troupe-gdb.py DESTINATION ${CMAKE_INSTALL_LIBDIR}
    RENAME libtroupe.so.${PROJECT_VERSION}-gdb.py)
install(DIRECTORY include/troupe DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
    FILES_MATCHING PATTERN "*.h")
