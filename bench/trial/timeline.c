#include "bench/trial/timeline.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/csv.h"
#include "bench/base/text.h"
#include "bench/base/wait.h"
#include "common/clock.h"
#include "common/err.h"

static const uint64_t end_limit = 20 * NS_PER_S;

void timeline_free(struct timeline *t)
{
    free(t->at);
    *t = (struct timeline){0};
}

double timeline_silence_ms(const struct timeline *t, double from_s, double to_s)
{
    double longest = 0;
    double since = from_s;
    for (size_t i = 0; i < t->count; i++) {
        const struct timeline_bin *b = &t->at[i];
        if (b->at_s <= from_s || b->at_s > to_s)
            continue;
        if (b->answers > 0)
            since = b->at_s;
        else if (b->at_s - since > longest)
            longest = b->at_s - since;
    }
    return longest * 1e3;
}

double timeline_answered(const struct timeline *t, double from_s, double to_s)
{
    size_t answered = 0;
    size_t n = 0;
    for (size_t i = 0; i < t->count; i++) {
        if (t->at[i].at_s <= from_s || t->at[i].at_s > to_s)
            continue;
        answered += t->at[i].answers > 0;
        n++;
    }
    return n > 0 ? (double)answered / (double)n : NAN;
}

double timeline_rate(const struct timeline *t, double from_s, double to_s)
{
    double answers = 0;
    size_t n = 0;
    for (size_t i = 0; i < t->count; i++) {
        if (t->at[i].at_s <= from_s || t->at[i].at_s > to_s)
            continue;
        answers += t->at[i].answers;
        n++;
    }
    return n > 0 ? answers * 1000 / TIMELINE_STEP_MS / (double)n : NAN;
}

/* Add an option with its value, where that is not 0. `text` holds the value. */
static size_t add_option(const char **argv, size_t n, const char *option, unsigned value,
                         char text[16])
{
    if (value == 0)
        return n;
    snprintf(text, 16, "%u", value);
    argv[n++] = option;
    argv[n++] = text;
    return n;
}

void timeline_load_start(struct timeline_load *l, const struct timeline_load_spec *spec)
{
    char connections[16], duration[32], warmup[32], texts[3][16];
    int events[2];
    int hold[2];
    if (pipe2(events, O_CLOEXEC) != 0 || pipe2(hold, O_CLOEXEC) != 0)
        die_errno("cannot make a pipe");
    snprintf(connections, sizeof connections, "%u", spec->connections);
    snprintf(duration, sizeof duration, "%lluns", (unsigned long long)spec->duration_ns);
    snprintf(warmup, sizeof warmup, "%lluns", (unsigned long long)spec->warmup_ns);
    *l = (struct timeline_load){.events.fd = events[0], .hold = hold[1]};
    l->json = text_format("%s/.%s.json", spec->dir, spec->name);
    l->csv = text_format("%s/.%s.csv", spec->dir, spec->name);
    char *url = text_format("http://%s%s", spec->address, spec->path);
    _Static_assert(TIMELINE_STEP_MS == 10, "--interval");
    /* What the event does to requests is what is looked at: no failure is one of the run. */
    const char *argv[32] = {spec->program, "-c",          connections,
                            "-d",          duration,      "--warmup",
                            warmup,        "--settle",    spec->settle ? "60s" : "0",
                            "--timeout",   "10s",         "--max-errors=100%",
                            "--json",      l->json,       "--csv",
                            l->csv,        "--interval",  "10ms",
                            "--hold",      "--events-fd", "3"};
    size_t n = 0;
    while (argv[n])
        n++;
    n = add_option(argv, n, "--requests-per-connection", spec->per_connection, texts[0]);
    n = add_option(argv, n, "--slow-readers", spec->slow_readers, texts[1]);
    n = add_option(argv, n, "--rate", spec->rate, texts[2]);
    argv[n] = url;
    process_start(&l->process,
                  &(struct process_spec){
                      .argv = argv, .cpus = spec->cpus, .input = hold[0], .extra = events[1]});
    free(url);
    close(hold[0]);
    close(events[1]);
}

bool timeline_load_wait(struct timeline_load *l, const char *name, struct process *server,
                        uint64_t deadline, char *reason, size_t reason_size)
{
    struct process nobody = {.pidfd = -1};
    enum load_result result =
        load_events_wait(&l->events, name, NULL, &l->process, server ? server : &nobody,
                         deadline, reason, reason_size);
    if (result == LOAD_INTERRUPTED)
        reason[0] = '\0';
    return result == LOAD_OK;
}

static double number(const struct csv *c, size_t row, const char *column)
{
    double value;
    return csv_number(c, row, csv_column(c, column), &value) ? value : NAN;
}

static double failures(const struct csv *c, size_t row)
{
    static const char *const kinds[] = {"timeout", "reset",   "refused",
                                        "eof",     "corrupt", "non_2xx"};
    double sum = 0;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        sum += number(c, row, kinds[i]);
    return sum;
}

static bool read_series(const char *path, double zero_s, struct timeline *out, char *reason,
                        size_t reason_size)
{
    struct csv c;
    if (!csv_read(path, &c, reason, reason_size))
        return false;
    *out = (struct timeline){.at = xcalloc(c.rows + 1, sizeof *out->at), .count = c.rows};
    bool good = true;
    for (size_t i = 0; i < c.rows; i++) {
        struct timeline_bin *b = &out->at[i];
        *b = (struct timeline_bin){.at_s = number(&c, i, "time_s") + zero_s,
                                   .answers = number(&c, i, "requests"),
                                   .failed = failures(&c, i),
                                   .p50_us = number(&c, i, "p50_us"),
                                   .p99_us = number(&c, i, "p99_us"),
                                   .max_us = number(&c, i, "max_us")};
        good = good && isfinite(b->at_s + b->answers + b->failed);
    }
    csv_free(&c);
    if (!good) {
        snprintf(reason, reason_size, "the load generator's time series lacks a figure");
        timeline_free(out);
    }
    return good;
}

json_t *timeline_load_finish(struct timeline_load *l, double zero_s, struct timeline *series,
                             char *reason, size_t reason_size)
{
    json_t *results = load_results(&l->process, &l->hold, l->json,
                                   clock_after(clock_ns(), end_limit), reason, reason_size);
    if (results && !read_series(l->csv, zero_s, series, reason, reason_size)) {
        json_decref(results);
        results = NULL;
    }
    return results;
}

void timeline_load_destroy(struct timeline_load *l)
{
    if (l->process.pid == 0)
        return;
    if (l->hold >= 0)
        close(l->hold);
    close(l->events.fd);
    process_destroy(&l->process);
    unlink(l->json);
    unlink(l->csv);
    free(l->json);
    free(l->csv);
    *l = (struct timeline_load){0};
}

bool timeline_beside(struct server *server, const struct server_spec *spec,
                     bool (*run)(void *state), void *state, const bool *died, char *reason,
                     size_t reason_size)
{
    json_t *counters = NULL;
    char why[300];
    bool started = server_start(server, spec, reason, reason_size) == SERVER_OK;
    bool good = started && run(state);
    if (started && !(died && *died) && !server_stop(server, &counters, why, sizeof why) &&
        good) {
        snprintf(reason, reason_size, "%s", why);
        good = false;
    }
    if (wait_was_interrupted())
        reason[0] = '\0';
    json_decref(counters);
    server_destroy(server);
    return good;
}
