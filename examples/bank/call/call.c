/* SPDX-License-Identifier: BSD-2-Clause */
#include "examples/bank/call/call.h"

#include "cli/options.h"
#include "examples/bank/call/caller.h"
#include "examples/bank/call/packed_json.h"
#include "rpc/message.h"
#include "troupe/net.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { METHOD_LENGTH_MAX = 1024 };

/* ---- the request --------------------------------------------------------- */

/* What begins as JSON of more than a word and is none is rather a mistake. */
static json_t *
read_param(const char *word)
{
    json_error_t error;
    json_t *json = json_loads(word, JSON_DECODE_ANY, &error);

    if (json == NULL && strspn(word, "[{\"") > 0) {
        fprintf(
            stderr, "troupe-bank: \"%s\" is no JSON: %s\n", word, error.text);
        return NULL;
    }
    if (json == NULL && (json = json_string(word)) == NULL) {
        fprintf(stderr, "troupe-bank: \"%s\" is no UTF-8\n", word);
    }
    return json;
}

/* NULL: what is wrong has been said, or memory is out. */
static json_t *
read_params(char *const *words, size_t count)
{
    json_t *params = json_array();

    for (size_t i = 0; i < count && params != NULL; i++) {
        if (json_array_append_new(params, read_param(words[i])) != 0) {
            json_decref(params);
            return NULL;
        }
    }
    return params;
}

/* False: out of memory, and nothing is to be freed. */
static bool
write_request(char **bytes, size_t *size, const char *method, json_t *params)
{
    uint8_t head[METHOD_LENGTH_MAX + 16];
    uint8_t *end =
        tp_rpc_request_head_put(head, BANK_CALL_ID, troupe_str_of(method));
    FILE *stream = open_memstream(bytes, size);
    bool is_whole;

    if (stream == NULL) {
        return false;
    }
    fwrite(head, 1, (size_t)(end - head), stream);
    bank_packed_json_write(params, stream);
    is_whole = !ferror(stream);
    is_whole = fclose(stream) == 0 && is_whole;
    if (!is_whole) {
        free(*bytes);
    }
    return is_whole;
}

/* ---- the answer ---------------------------------------------------------- */

static int
tell_error(struct troupe_raw raw)
{
    struct tp_rpc_error error;
    json_t *json;

    if (tp_rpc_error_read(raw, &error)) {
        fprintf(stderr, "troupe-bank: %" PRIu32 ", %.*s", error.code,
            (int)error.text.length, error.text.data);
        if (error.retry_ms > 0) {
            fprintf(
                stderr, "; it may go well in %" PRIu64 " ms", error.retry_ms);
        }
        fprintf(stderr, "%s\n", bank_greeting_remedy(error.code));
        return 1;
    }
    json = bank_packed_json_read(raw.data, raw.size);
    fputs("troupe-bank: the server answers by an error: ", stderr);
    json_dumpf(json, stderr, JSON_ENCODE_ANY);
    fputc('\n', stderr);
    json_decref(json);
    return 1;
}

static int
tell_result(struct troupe_raw raw)
{
    json_t *json = bank_packed_json_read(raw.data, raw.size);

    if (json == NULL || json_dumpf(json, stdout, JSON_ENCODE_ANY) != 0) {
        fputs("troupe-bank: the result could not be printed: out of memory or "
              "output closed\n",
            stderr);
        json_decref(json);
        return 1;
    }
    fputc('\n', stdout);
    json_decref(json);
    return 0;
}

static int
tell(const struct bank_call *call)
{
    struct tp_rpc_message message;

    if (call->answer_size == 0) {
        fprintf(stderr, "troupe-bank: %s gives no answer: %s%s\n",
            call->address, call->why, bank_greeting_hint(call->greeting));
        return 1;
    }
    /* It was read once already, by whoever found that it is the answer. */
    TROUPE_CHECK(tp_rpc_message_read(
        call->bytes + call->answer_at, call->answer_size, &message));
    return tp_rpc_message_is_ok(&message) ? tell_result(message.result)
                                          : tell_error(message.error);
}

/* ---- the command --------------------------------------------------------- */

/* How the caller ends is told by tell(). */
static void
log_nothing(void *context, enum troupe_log_level level, const char *line)
{
    (void)context, (void)level, (void)line;
}

static void
carry_out(struct bank_call *call)
{
    struct bank_caller caller = {.call = call};
    struct troupe_runtime *runtime;
    troupe_pid pid;

    TROUPE_CHECK(
        troupe_runtime_create(&TROUPE_OPTIONS(.workers_count = 1,
                                  .io = troupe_net(), .log = log_nothing),
            &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    TROUPE_CHECK(troupe_spawn_with(troupe_thread_self(runtime), bank_caller,
        &TROUPE_SPAWN_OPTIONS(.state = &caller), &pid));
    troupe_runtime_wait(runtime);
    (void)troupe_runtime_stop(runtime, 0, NULL);
    troupe_runtime_destroy(&runtime);
}

static bool
is_usable(const struct bank_call_options *options, const char *method)
{
    if (options->connect == NULL) {
        fputs("troupe-bank: call takes --connect ADDRESS, such as "
              "127.0.0.1:4242 or unix:/run/bank\n",
            stderr);
        return false;
    }
    if (strlen(method) > METHOD_LENGTH_MAX) {
        fprintf(stderr,
            "troupe-bank: a method's name has at most %d bytes, and this has "
            "%zu\n",
            METHOD_LENGTH_MAX, strlen(method));
        return false;
    }
    return true;
}

int
bank_call(const void *options, char *const *operands, size_t operands_count)
{
    const struct bank_call_options *given = options;
    struct bank_greeting greeting;
    struct bank_call call = {
        .address = given->connect,
        .greeting = &greeting,
        .timeout_ns = TROUPE_SECONDS(given->timeout_s),
    };
    char *request = NULL;
    json_t *params;
    int status;

    if (!is_usable(given, operands[0])) {
        return CLI_EXIT_USAGE;
    }
    params = read_params(operands + 1, operands_count - 1);
    if (params == NULL) {
        return CLI_EXIT_USAGE;
    }
    if (!write_request(&request, &call.request_size, operands[0], params)) {
        fputs("troupe-bank: out of memory\n", stderr);
        json_decref(params);
        return 1;
    }
    json_decref(params);
    if (!bank_greeting_init(&greeting, given->connect, given->token_file,
            given->tls_authority)) {
        free(request);
        return CLI_EXIT_USAGE;
    }
    call.request = request;
    carry_out(&call);
    status = tell(&call);
    bank_greeting_fini(&greeting);
    free(call.bytes);
    free(request);
    return status;
}
