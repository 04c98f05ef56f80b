/* SPDX-License-Identifier: BSD-2-Clause */
/* For a fragment of a page that stands at file scope. */
#include <stdio.h>
#include <string.h>
#include <troupe/troupe.h>

/* HERE */

int
main(void)
{
    return 0;
}
