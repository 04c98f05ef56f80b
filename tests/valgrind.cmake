# SPDX-License-Identifier: BSD-2-Clause
# The tests under valgrind, in the preset of that name: each runs under memcheck,
# where a leak is a failure, too, and under Helgrind; `ctest -L memcheck` and
# `-L helgrind` run one of them.

find_program(VALGRIND valgrind REQUIRED)
set(valgrind_options --quiet --error-exitcode=99 --fair-sched=try)
set(memcheck_options --leak-check=full --errors-for-leak-kinds=definite,possible
    --suppressions=${CMAKE_CURRENT_LIST_DIR}/support/memcheck/suppressions.txt)
set(helgrind_options
    --suppressions=${CMAKE_CURRENT_LIST_DIR}/support/helgrind/suppressions.txt)

# What does not run under either:
#     test_containment, test_process_lives
#                          end processes and overflow stacks, with which valgrind has a
#                          way of its own
#     test_edges, test_policies
#                          a million messages in one mailbox: minutes, of code that
#                          others run with few
#     test_failing_memory  runs a program for each of its requests for memory: minutes,
#                          and the preset asan looks for the same
# Under Helgrind nor do the tests of one thread that steps through many contexts
# (protocol): it would take all of them for one. Nor those of the bank's variants, one
# of which races on purpose; ./dev prove has it run all others.
set(not_under_memcheck test_containment test_edges test_policies test_process_lives
    test_failing_memory)
set(not_under_helgrind ${not_under_memcheck} test_compare test_trial test_variants)

# Of the layers' tests ./dev prove has all but the longest run under memcheck, and
# under Helgrind some with threads, to be done in a minute.
set(long_under_memcheck test_timer_wheel test_timers test_profile test_wire test_waits
    test_explore test_explored test_explored_order test_routers test_search test_seeds
    test_stash_orders)
set(proved_under_helgrind test_actors test_asking test_deque test_lives test_parker test_requests
    test_run_queue test_runtime test_scheduler test_task_stack test_timeout)

# troupe_run(<kind> <name> <label>...): the program as a test under each tool.
function(troupe_run kind name)
    foreach(tool memcheck helgrind)
        if(NOT name IN_LIST not_under_${tool} AND NOT "${tool} ${kind}" STREQUAL "helgrind protocol")
            add_test(NAME ${tool}.${kind}.${name} COMMAND ${VALGRIND} --tool=${tool}
                ${valgrind_options} ${${tool}_options} $<TARGET_FILE:${name}>)
            unset(proved)
            if((tool STREQUAL "helgrind" AND name IN_LIST proved_under_helgrind) OR
                    (tool STREQUAL "memcheck" AND "layer" IN_LIST ARGN AND
                        NOT name IN_LIST long_under_memcheck))
                set(proved proved)
            endif()
            set_tests_properties(${tool}.${kind}.${name} PROPERTIES
                TIMEOUT 600 LABELS "${tool};${kind};${ARGN};${proved}")
        endif()
    endforeach()
endfunction()
