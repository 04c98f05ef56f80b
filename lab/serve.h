/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * serve: the same small bank, by five kinds of server.
 *
 * Each listens on a free port of the loopback, writes the port as a uint16_t to
 * the descriptor `tell`, and serves until its process is ended.
 *
 * The first thread of a process of its own.
 */
#ifndef TROUPE_LAB_SERVE_H
#define TROUPE_LAB_SERVE_H

#include "lab/frames.h"

typedef void serve_function(struct ledger *ledger, int tell);

/* Shared memory: lab/serve_shared.c. */
serve_function serve_threads;   /* a thread a request */
serve_function serve_processes; /* a process a connection */
serve_function serve_loop;      /* an event loop */
/* Actors: lab/serve_actors.c. */
serve_function serve_bodies;   /* in sequential style, one a connection */
serve_function serve_handlers; /* troupe/rpc.h, and a bank with handlers */

#endif
