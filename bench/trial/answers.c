#include "bench/trial/answers.h"

#include "bench/trial/server_process.h"
#include "common/err.h"

static bool has_externals(const struct plan *p, enum protocol protocol)
{
    for (size_t i = 0; i < p->points; i++)
        if (p->trials[i].protocol == protocol && p->trials[i].model->external)
            return true;
    return false;
}

bool answers_ask(struct answer answers[PROTOCOL_COUNT], const struct model *ours,
                 const struct scenario *s, const struct plan *plan, const cpu_set_t *cpus)
{
    for (enum protocol p = 0; p < PROTOCOL_COUNT; p++) {
        char why[400] = "there is none that could be asked";
        if (!has_externals(plan, p))
            continue;
        enum server_result result =
            ours->path ? server_ask(ours, s, p, cpus, &answers[p], why, sizeof why)
                       : SERVER_FAILED;
        if (result == SERVER_INTERRUPTED)
            return false;
        if (result != SERVER_OK)
            die("cannot compare the answers of other servers with that of ours to %s: %s",
                p == PROTOCOL_HTTP ? s->path : "an echo", why);
    }
    return true;
}
