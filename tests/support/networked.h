/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * networked: a small program that does most of what a network can do, for tests
 * that make something fail in it.
 *
 * A listener spawns a client that connects to it by a Unix socket. The client
 * writes more than the system takes, so that it is held; gets it back; has work
 * done by the pool; and closes. Whoever is refused something fails. Whatever
 * the client ends by ends the program, and whatever the listener does.
 */
#ifndef TROUPE_TESTS_SUPPORT_NETWORKED_H
#define TROUPE_TESTS_SUPPORT_NETWORKED_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/memory.h"
#include "tests/support/check.h"
#include "troupe/net.h"
#include "troupe/sequential.h"
#include "troupe/troupe.h"
#include "troupe/work.h"

enum { NETWORKED_BYTES = 700000, NETWORKED_HIGH = 100000 };

static struct {
    struct troupe_tls *server_tls; /* both or none */
    struct troupe_tls *client_tls;
    troupe_err first_err;
    size_t back_bytes;
    bool is_done;
    bool is_sequential; /* who sends back */
    char folder[64];
    char address[96];
} networked;

static void
need(struct troupe_self *self, troupe_err err)
{
    if (err != TROUPE_OK) {
        if (networked.first_err == TROUPE_OK) {
            networked.first_err = err;
        }
        troupe_fail(self, 1, "%s", troupe_err_detail());
    }
}

/* ---- who sends back ------------------------------------------------------ */

static void
on_networked_bytes(
    struct troupe_self *self, void *state, const struct troupe_net_bytes *got)
{
    (void)state;
    need(self, troupe_net_write(self, got->bytes.data, got->bytes.size));
}

TROUPE_BEHAVIOUR(
    networked_echo, 0, TROUPE_ON(troupe_net_bytes, on_networked_bytes));

static void
run_networked_echo(struct troupe_self *self, void *state)
{
    struct troupe_net_bytes got;

    (void)state;
    while (troupe_receive_only(self, troupe_net_bytes, &got, TROUPE_FOREVER) ==
           TROUPE_OK) {
        need(self, troupe_net_write(self, got.bytes.data, got.bytes.size));
    }
}

TROUPE_PROCESS(networked_sequential_echo, 0, run_networked_echo);

/* ---- who connects -------------------------------------------------------- */

static troupe_err
answer_back(struct troupe_work *work, const void *input, size_t count)
{
    return troupe_work_answer(work, input, count);
}

static void
on_worked(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    struct troupe_work_done done;
    troupe_err err = troupe_work_done_from(answer, &done);

    (void)state, (void)context;
    networked.is_done = err == TROUPE_OK;
    need(self, err);
    if (err == TROUPE_OK) {
        need(self, troupe_net_close(self));
    }
}

static void
on_client_back(
    struct troupe_self *self, void *state, const struct troupe_net_bytes *got)
{
    (void)state;
    networked.back_bytes += got->bytes.size;
    if (networked.back_bytes == NETWORKED_BYTES) {
        need(self, troupe_work(self, answer_back, "done", 4, TROUPE_SECONDS(60),
                       on_worked, 0, NULL));
    }
}

static void
on_client_begin(struct troupe_self *self, void *state)
{
    static const uint8_t zeros[NETWORKED_BYTES];
    struct troupe_net_options options = troupe_net_options_default();
    troupe_err err;

    (void)state;
    options.tls = networked.client_tls;
    options.tls_name = "bank.test";
    options.write_high = NETWORKED_HIGH;
    options.connect_ns = TROUPE_SECONDS(600); /* longer than the test may be */
    err = troupe_net_connect(self, networked.address, &options);
    need(self, err);
    if (err == TROUPE_OK) {
        need(self, troupe_net_write(self, zeros, sizeof(zeros)));
    }
}

static void
quit(struct troupe_self *self, void *state, const struct troupe_exit *why)
{
    (void)state, (void)why;
    troupe_runtime_quit(self);
}

TROUPE_BEHAVIOUR(networked_client, 0, TROUPE_ON_START(on_client_begin),
    TROUPE_ON_STOP(quit), TROUPE_ON(troupe_net_bytes, on_client_back));

/* ---- who listens --------------------------------------------------------- */

static void
on_listen(struct troupe_self *self, void *state)
{
    struct troupe_net_options options = troupe_net_options_default();
    troupe_err err;
    troupe_pid pid;

    (void)state;
    options.tls = networked.server_tls;
    options.write_high = 2 * NETWORKED_BYTES; /* or both were held for ever */
    err = troupe_net_listen(self, networked.address,
        TROUPE_NET_LISTEN(.behaviour =
                              networked.is_sequential
                                  ? &networked_sequential_echo_behaviour
                                  : &networked_echo_behaviour,
            .connection = &options));
    need(self, err);
    if (err == TROUPE_OK) {
        need(self, troupe_spawn(self, networked_client, &pid));
    }
}

TROUPE_BEHAVIOUR(
    networked_listener, 0, TROUPE_ON_START(on_listen), TROUPE_ON_STOP(quit));

/* ---- the program --------------------------------------------------------- */

static troupe_err
networked_play(struct troupe_runtime *runtime)
{
    troupe_pid pid;
    troupe_err err = troupe_runtime_start(runtime);

    if (err != TROUPE_OK) {
        return err;
    }
    err = troupe_spawn(troupe_thread_self(runtime), networked_listener, &pid);
    if (err == TROUPE_OK) {
        troupe_runtime_wait(runtime);
    }
    (void)troupe_runtime_stop(runtime, TROUPE_SECONDS(60), NULL);
    return err;
}

/* The first error that anybody has had. */
static troupe_err
networked_run(void)
{
    struct troupe_runtime *runtime = NULL;
    troupe_err err;

    networked.first_err = TROUPE_OK;
    networked.back_bytes = 0;
    networked.is_done = false;
    err = troupe_runtime_create(
        &TROUPE_OPTIONS(.io = troupe_net(), .workers_count = 1), &runtime);
    if (err == TROUPE_OK) {
        err = networked_play(runtime);
        troupe_runtime_destroy(&runtime);
    }
    return err == TROUPE_OK ? networked.first_err : err;
}

/* Each request for memory of it fails in turn, and nothing is left behind. */
static void
networked_fail_in_turn(void)
{
    uint64_t refused_count = 0;
    uint64_t blocks;
    uint64_t mappings;
    uint64_t n = 0;
    bool has_failed;

    (void)snprintf(networked.folder, sizeof(networked.folder),
        "/tmp/troupe-networked-XXXXXX");
    CHECK(mkdtemp(networked.folder) != NULL);
    (void)snprintf(networked.address, sizeof(networked.address),
        "unix:%s/socket", networked.folder);
    CHECK(networked_run() == TROUPE_OK && networked.is_done);
    blocks = tp_memory_blocks_count();
    mappings = tp_memory_mappings_count();
    do {
        tp_memory_fail_at(++n);
        troupe_err err = networked_run();

        has_failed = tp_memory_fails_in() == 0;
        tp_memory_fail_at(0);
        CHECK(err == TROUPE_OK || has_failed);
        CHECK(tp_memory_blocks_count() == blocks);
        CHECK(tp_memory_mappings_count() == mappings);
        refused_count += err != TROUPE_OK;
    } while (has_failed);
    CHECK(networked.is_done);
    CHECK(rmdir(networked.folder) == 0);
    fprintf(stderr, "%llu requests, %llu refusals\n", (unsigned long long)n,
        (unsigned long long)refused_count);
    CHECK(n > 30 && refused_count > n / 4);
}

#endif
