#include "bench/show/profile_text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/figures.h"
#include "bench/base/text.h"

struct named {
    const char *name;
    double count;
};

static int most_first(const void *a, const void *b)
{
    const struct named *x = a;
    const struct named *y = b;
    if (x->count != y->count)
        return x->count < y->count ? 1 : -1;
    return strcmp(x->name, y->name);
}

static void tell_calls(FILE *f, const struct profile_counts *c)
{
    struct named all[CALL_COUNT];
    double sum = 0;
    size_t n = 0;
    for (int i = 0; i < CALL_COUNT; i++)
        if (c->calls[i] > 0)
            all[n++] = (struct named){system_call_names[i], c->calls[i]};
    qsort(all, n, sizeof *all, most_first);
    fprintf(f, "\n  system calls of a request\n");
    for (size_t i = 0; i < n; i++) {
        fprintf(f, "    %-18s %10.4f\n", all[i].name, all[i].count);
        sum += all[i].count;
    }
    double total = c->counters[PERF_SYSCALLS];
    if (isnan(total))
        return;
    /* Counters are read one after the other, so the names can come to more than all. */
    fprintf(f, "    %-18s %10.4f\n", "others", total > sum ? total - sum : 0);
    fprintf(f, "    %-18s %10.4f\n", "all", total);
}

static void tell_counters(FILE *f, const struct profile_counts *c)
{
    char time[32];
    const struct named others[] = {
        {"context switches", c->counters[PERF_SWITCHES]},
        {"wake-ups of the generator", c->counters[PERF_WAKINGS]},
        {"migrations", c->counters[PERF_MIGRATIONS]},
        {"minor page faults", c->counters[PERF_FAULTS]},
        {"returns from its waits *", c->wakeups},
        {"events *", c->events},
        {"EAGAIN *", c->eagain},
    };
    fprintf(f, "\n  and for a request\n");
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (isfinite(others[i].count))
            fprintf(f, "    %-26s %10.4f\n", others[i].name, others[i].count);
    if (isfinite(c->counters[PERF_TASK_CLOCK]))
        fprintf(f, "    %-26s %10s\n", "CPU time, while counted",
                figure_time(c->counters[PERF_TASK_CLOCK] / 1e3, time));
    fprintf(f, "  * as the server counts, from its start to its end\n");
}

void profile_tell(FILE *f, const struct profile_setup *setup, const struct profile_counts *c)
{
    char requests[32];
    fprintf(f, "%s%s%s, %s", setup->model->name, setup->options ? " " : "",
            setup->options ? setup->options : "", protocol_names[setup->protocol]);
    if (setup->protocol == PROTOCOL_HTTP)
        fprintf(f, " %s", setup->path);
    fprintf(f, ", %u connection%s: %s requests\n", setup->connections,
            text_s(setup->connections), figure_thousands(c->requests, requests));
    if (c->by_name)
        tell_calls(f, c);
    tell_counters(f, c);
}

/* What began before and what goes on: of a call that has not returned only the beginning is known.
 */
static void tell_call(FILE *f, const struct life *l, const struct strace_call *c)
{
    int waits = c->to > l->end ? (int)strcspn(c->text, ",)") : -1;
    if (waits >= 0)
        fprintf(f, "%.*s, ...    (it waits for what comes next)\n", waits, c->text);
    else
        fprintf(f, "%s%s\n", c->text, c->from < 0 ? "    (it had waited for the request)" : "");
}

/* The place of a task among those that did something, from 1. */
static size_t place_of(const struct life *l, pid_t task)
{
    size_t place = 0;
    for (size_t i = 0; i < l->trace.count; i++) {
        bool seen = false;
        for (size_t k = 0; k < i && !seen; k++)
            seen = l->trace.calls[k].task == l->trace.calls[i].task;
        place += !seen;
        if (l->trace.calls[i].task == task)
            break;
    }
    return place;
}

void life_tell(FILE *f, const struct life *l, size_t most)
{
    bool several = false;
    for (size_t i = 1; i < l->trace.count; i++)
        several = several || l->trace.calls[i].task != l->trace.calls[0].task;
    fprintf(f, "\n  one request's life, on a connection that is open\n");
    for (size_t i = 0; i < l->trace.count && (most == 0 || i < most); i++) {
        fprintf(f, "    ");
        if (several)
            fprintf(f, "task %zu  ", place_of(l, l->trace.calls[i].task));
        tell_call(f, l, &l->trace.calls[i]);
    }
    if (most > 0 && l->trace.count > most)
        fprintf(f, "    and %zu more calls until the next request\n", l->trace.count - most);
}
