/* SPDX-License-Identifier: BSD-2-Clause */
/* A program of somebody else's, compiled as C and, as main.cpp, as C++17. */
#include <troupe/err.h>

#include <stdio.h>

int
main(void)
{
    printf("troupe says: %s\n", troupe_err_text(TROUPE_E_TIMED_OUT));
    return 0;
}
