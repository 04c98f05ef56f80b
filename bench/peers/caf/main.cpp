// SPDX-License-Identifier: BSD-2-Clause
// usage: bench-caf NAME [KEY=NUMBER...]; keys: n actors fanout threads sharing
// await throughput
#include "peer.hpp"

#include <functional>

behavior
consumer(event_based_actor *self, u64 count, actor out)
{
    struct st {
        u64 left, sum;
    };
    auto s = std::make_shared<st>(st{count, 0});
    return {[self, out, s = s.get(), keep = s](u64 v) {
        s->sum += v;
        if (--s->left == 0) {
            self->send(out, s->sum);
            self->quit();
        }
    }};
}

int
main(int argc, char **argv)
{
    std::map<std::string,
        std::function<result_t(actor_system &, const params &)>>
        benches{{"pingpong", pingpong}, {"counting", counting},
            {"fanin", fanin}, {"ring", ring}, {"fjcreate", fjcreate},
            {"fjthrput", fjthrput}, {"big", big}, {"chameneos", chameneos},
            {"banking", banking}, {"skynet", skynet}, {"idle", idle}};
    if (argc < 2 || !benches.count(argv[1])) {
        fprintf(stderr, "usage: bench-caf NAME [KEY=NUMBER...]\n");
        return 2;
    }
    params p;
    for (int i = 2; i < argc; ++i)
        if (char *e = strchr(argv[i], '='))
            p[std::string(argv[i], e)] = strtoull(e + 1, nullptr, 10);
    actor_system_config cfg;
    cfg.set("scheduler.max-threads", size_t{p.get("threads", 2)});
    // The default policy (stealing) steals from the tail of a singly linked
    // queue, O(length): with the long run queues of fjcreate that is 5-15x
    // slower, and so is idle's stop.
    if (p.get("sharing",
            !strcmp(argv[1], "fjcreate") || !strcmp(argv[1], "idle")))
        cfg.set("scheduler.policy", atom("sharing"));
    if (p.count("throughput"))
        cfg.set("scheduler.max-throughput", size_t{p["throughput"]});
    actor_system sys{cfg};
    auto r = benches[argv[1]](sys, p);
    bool ok = r.check == r.expect;
    printf("{\"peer\": \"CAF %d.%d.%d\", \"name\": \"%s\", \"unit\": \"%s\", "
           "\"messages_count\": %llu, \"value\": %.2f, \"ok\": %s}\n",
        CAF_VERSION / 10000, CAF_VERSION / 100 % 100, CAF_VERSION % 100,
        argv[1], r.unit, (unsigned long long)r.messages, r.value,
        ok ? "true" : "false");
    fflush(stdout);
    _exit(ok ? 0 : 1); // skip the actor system's tear-down
}
