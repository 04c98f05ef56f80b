/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: a network that runs out of memory anywhere says so, loses at most the
 * connection in question, and leaves nothing behind.
 *
 * Method: a program (tests/support/networked.h) is run with its first request
 * for memory failing, then its second, and so on until it has made no more. The
 * same with TLS is in test_tls.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/networked.h"

static void
each_request_for_memory_of_a_network_may_fail(void **state)
{
    (void)state;
    networked_fail_in_turn();
}

static void
the_same_where_a_process_has_a_socket(void **state)
{
    (void)state;
    networked.is_sequential = true;
    networked_fail_in_turn();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_request_for_memory_of_a_network_may_fail),
        cmocka_unit_test(the_same_where_a_process_has_a_socket),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
