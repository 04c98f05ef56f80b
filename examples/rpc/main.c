/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A calculator that programs in any language can call by MessagePack-RPC, and
 * an actor system that calls it.
 *
 *     rpc                 serves, calls itself, and ends
 *     rpc ADDRESS         serves there until it is told to end (SIGINT,
 * SIGTERM)
 */
#include "troupe/rpc.h"
#include "troupe/troupe.h"

#include <signal.h>

/* ---- what a calculator can be asked, here or from elsewhere ---------------
 */

#define TWO_NUMBERS(FIELD) FIELD(double, a) FIELD(double, b)
TROUPE_MESSAGE(add, TWO_NUMBERS)
TROUPE_MESSAGE(divide, TWO_NUMBERS)
#define ONE_NUMBER(FIELD) FIELD(double, value)
TROUPE_MESSAGE(number_is, ONE_NUMBER)

TROUPE_RPC_SERVICE(calculator, TROUPE_RPC_METHOD(add, number_is),
    TROUPE_RPC_METHOD(divide, number_is));

/* ---- an actor, which knows nothing of any network ------------------------ */

static void
on_add(struct troupe_self *self, void *state, const struct add *add)
{
    (void)state;
    (void)troupe_reply(self, number_is, .value = add->a + add->b);
}

static void
on_divide(struct troupe_self *self, void *state, const struct divide *divide)
{
    (void)state;
    if (divide->b == 0) {
        (void)troupe_reply(self, troupe_rpc_error, .code = 422,
            .text = troupe_str_of("nothing can be divided by 0"));
        return;
    }
    (void)troupe_reply(self, number_is, .value = divide->a / divide->b);
}

TROUPE_BEHAVIOUR(
    calculator, 0, TROUPE_ON(add, on_add), TROUPE_ON(divide, on_divide));

/* ---- who lets others call it --------------------------------------------- */

TROUPE_MESSAGE(get_address, TROUPE_NO_FIELDS)
#define ADDRESS(FIELD) FIELD(str, text)
TROUPE_MESSAGE(address, ADDRESS)

static void
on_start(struct troupe_self *self, void *state)
{
    const char *const *where = state;

    if (troupe_rpc_listen(self, *where,
            TROUPE_RPC_OPTIONS(.services = &calculator_service,
                .services_count = 1)) != TROUPE_OK) {
        troupe_fail(self, 1, "%s", troupe_err_detail());
    }
}

static void
on_get_address(
    struct troupe_self *self, void *state, const struct get_address *get)
{
    char text[TROUPE_NET_ADDRESS_MAX];

    (void)state, (void)get;
    (void)troupe_net_address(self, text, sizeof(text));
    (void)troupe_reply(self, address, .text = troupe_str_of(text));
}

TROUPE_BEHAVIOUR(server, sizeof(const char *), TROUPE_ON_START(on_start),
    TROUPE_ON(get_address, on_get_address));

/* ---- who calls it -------------------------------------------------------- */

static void
call_it(struct troupe_self *self, const char *where)
{
    struct number_is number;
    struct troupe_rpc_error error;
    troupe_pid connection;

    TROUPE_CHECK(troupe_rpc_connect(self, where,
        TROUPE_RPC_OPTIONS(.peer = &calculator_service), &connection));
    TROUPE_CHECK(troupe_ask(self, connection, TROUPE_SECONDS(5), number_is,
        &number, add, .a = 40, .b = 2));
    printf("40 + 2 is %g\n", number.value);
    TROUPE_CHECK(troupe_ask(self, connection, TROUPE_SECONDS(5),
        troupe_rpc_error, &error, divide, .a = 1, .b = 0));
    printf("1 / 0 is error %u: %.*s\n", error.code, (int)error.text.length,
        error.text.data);
    TROUPE_CHECK(troupe_stop(self, connection));
}

int
main(int argc, char **argv)
{
    const char *where = argc > 1 ? argv[1] : "127.0.0.1:0";
    struct troupe_runtime *runtime;
    struct troupe_self *self;
    struct address is;
    char text[TROUPE_NET_ADDRESS_MAX];
    troupe_pid pid;
    sigset_t ends;
    int signal;

    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    sigprocmask(SIG_BLOCK, &ends, NULL);

    TROUPE_CHECK(
        troupe_runtime_create(&TROUPE_OPTIONS(.io = troupe_net()), &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    self = troupe_thread_self(runtime);
    TROUPE_CHECK(troupe_spawn_with(
        self, calculator, &TROUPE_SPAWN_OPTIONS(.name = "calculator"), &pid));
    TROUPE_CHECK(troupe_spawn_with(
        self, server, &TROUPE_SPAWN_OPTIONS(.state = &where), &pid));
    TROUPE_CHECK(
        troupe_ask(self, pid, TROUPE_SECONDS(5), address, &is, get_address));
    snprintf(text, sizeof(text), "%.*s", (int)is.text.length, is.text.data);
    if (argc > 1) {
        printf("listening on %s\n", text);
        fflush(stdout);
        sigwait(&ends, &signal);
    } else {
        call_it(self, text);
    }
    TROUPE_CHECK(troupe_runtime_stop(runtime, TROUPE_SECONDS(5), NULL));
    troupe_runtime_destroy(&runtime);
    return 0;
}
