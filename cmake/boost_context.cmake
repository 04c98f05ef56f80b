# SPDX-License-Identifier: BSD-2-Clause
# troupe::boost_context: the library that switches stacks, also for those who link
# the static libtroupe.
if(NOT TARGET troupe::boost_context)
    find_library(BOOST_CONTEXT_LIBRARY NAMES libboost_context.a boost_context REQUIRED)
    add_library(troupe::boost_context UNKNOWN IMPORTED GLOBAL)
    set_target_properties(troupe::boost_context PROPERTIES
        IMPORTED_LOCATION ${BOOST_CONTEXT_LIBRARY})
endif()
