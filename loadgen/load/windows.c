#include "loadgen/load/windows.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/err.h"
#include "common/parse.h"
#include "loadgen/cli/options.h"

void windows_begin(struct windows *w, const struct options *o, struct worker *workers,
                   struct moments *moments, const struct disturbance *disturbance)
{
    *w = (struct windows){.moments = moments,
                          .disturbance = disturbance,
                          .workers = workers,
                          .threads = o->threads};
    w->order.rested_fd = eventfd(0, EFD_CLOEXEC);
    if (w->order.rested_fd < 0)
        die_errno("cannot open an event descriptor");
    record_create(&w->window, o);
    w->sums = xcalloc(o->threads, sizeof *w->sums);
    for (uint32_t i = 0; i < o->threads; i++) {
        record_create(&w->sums[i], o);
        workers[i].order = &w->order;
    }
}

bool windows_listen(const struct windows *w)
{
    return w->resting && !w->input_over;
}

_Noreturn static void bad_command(const char *line, const char *why)
{
    warn("--windows: '%s': %s", line, why);
    exit(EXIT_USAGE);
}

/* Give the order that `line` asks for. */
static void command(struct windows *w, char *line)
{
    static const char blanks[] = " \t\r";
    char copy[WINDOWS_LINE_MAX];
    uint64_t duration, lead = WINDOWS_LEAD_NS;
    char *rest;

    snprintf(copy, sizeof copy, "%s", line);
    const char *verb = strtok_r(line, blanks, &rest);
    const char *first = strtok_r(NULL, blanks, &rest);
    const char *second = strtok_r(NULL, blanks, &rest);
    if (!verb || strcmp(verb, "window") != 0)
        bad_command(copy, "a command is: window DURATION [LEAD]");
    if (!first || !parse_duration(first, 1, OPTION_TIME_MAX, &duration))
        bad_command(copy, "DURATION is a time such as 50ms or 0.1s (24 h at most)");
    if (second && !parse_duration(second, 0, OPTION_TIME_MAX, &lead))
        bad_command(copy, "LEAD is a time such as 5ms or 0 (24 h at most)");
    if (strtok_r(NULL, blanks, &rest))
        bad_command(copy, "nothing follows LEAD");

    atomic_store(&w->moments->opened, 0);
    atomic_store(&w->moments->closed, 0);
    w->resting = false;
    w->rested = 0;
    w->asked_at = clock_ns();
    w->order.opens_at = w->asked_at + lead;
    w->order.closes_at = w->order.opens_at + duration;
    atomic_fetch_add(&w->order.number, 1);
}

/* Take the next line of the input, if it is there and it is time. True where it is an order. */
static bool next_command(struct windows *w)
{
    char *end = memchr(w->text, '\n', w->size);

    if (!w->resting)
        return false;
    if (!end && !w->input_over) {
        if (w->size < sizeof w->text - 1)
            return false;
        w->text[w->size] = '\0';
        bad_command(w->text, "a line that is too long");
    }
    if (w->size == 0) {
        atomic_store(&w->order.over, true);
        return true;
    }
    size_t length = end ? (size_t)(end - w->text) : w->size;
    char line[WINDOWS_LINE_MAX];
    memcpy(line, w->text, length);
    line[length] = '\0';
    w->size -= end ? length + 1 : length;
    memmove(w->text, w->text + length + 1, w->size);
    command(w, line);
    return true;
}

bool windows_read(struct windows *w)
{
    ssize_t n = read(STDIN_FILENO, w->text + w->size, sizeof w->text - 1 - w->size);

    if (n > 0)
        w->size += (size_t)n;
    else if (n == 0 || (errno != EINTR && errno != EAGAIN))
        w->input_over = true;
    return next_command(w);
}

static void put_time(char *text, size_t size, const char *name, double ns)
{
    size_t length = strlen(text);

    if (isnan(ns))
        snprintf(text + length, size - length, "\"%s\":null,", name);
    else
        snprintf(text + length, size - length, "\"%s\":%.0f,", name, ns);
}

static void put_latencies(char *text, size_t size, const struct histogram *h)
{
    static const struct {
        const char *name;
        uint32_t ppm;
    } percentiles[] = {{"p50_ns", 500000}, {"p90_ns", 900000}, {"p99_ns", 990000}};
    bool empty = h->count == 0;

    put_time(text, size, "mean_ns", empty ? NAN : histogram_mean(h));
    for (size_t i = 0; i < sizeof percentiles / sizeof percentiles[0]; i++) {
        uint64_t value = 0;
        histogram_percentile(h, percentiles[i].ppm, &value);
        put_time(text, size, percentiles[i].name, empty ? NAN : (double)value);
    }
    put_time(text, size, "max_ns", empty ? NAN : (double)h->max);
}

/* Tell of the window that is over. */
static void tell(const struct windows *w, uint64_t window_ns)
{
    const struct record *r = &w->window;
    struct window_span all = {.over_at = w->asked_at};
    char text[768];

    for (uint32_t i = 0; i < w->threads; i++) {
        const struct window_span *s = &w->workers[i].span;
        if (s->over_at > all.over_at)
            all.over_at = s->over_at;
        all.answered += s->answered;
        all.cpu_ns += s->cpu_ns;
        all.slept_ns += s->slept_ns;
    }
    snprintf(text, sizeof text,
             "window {\"window\":%" PRIu32 ",\"window_ns\":%" PRIu64 ",\"requests\":%" PRIu64
             ",\"failed\":%" PRIu64 ",",
             w->count, window_ns, r->window.n[COUNT_OK], outcomes_failed(r->window.n));
    put_latencies(text, sizeof text, r->latency);
    size_t length = strlen(text);
    snprintf(text + length, sizeof text - length,
             "\"active_ns\":%" PRIu64 ",\"active_requests\":%" PRIu64 ",\"cpu_ns\":%" PRIu64
             ",\"slept_ns\":%" PRIu64 "}\n",
             all.over_at - w->asked_at, all.answered, all.cpu_ns, all.slept_ns);
    moments_tell(w->moments, text);
}

/* Add up what the threads measured in the window that is over; returns its length. */
static uint64_t collect(struct windows *w)
{
    record_clear(&w->window);
    for (uint32_t i = 0; i < w->threads; i++) {
        struct record *r = &w->workers[i].finished;
        if (r->closed_at == 0)
            continue; /* stopped before it had seen the order */
        record_merge(&w->window, r);
        record_merge(&w->sums[i], r);
        record_clear(r);
    }
    uint64_t ns = w->window.closed_at - w->window.opened_at;
    w->count++;
    w->window_ns += ns;
    w->still_ns +=
        disturbance_still_ns(w->disturbance, w->window.opened_at, w->window.closed_at);
    return ns;
}

bool windows_rested(struct windows *w)
{
    uint64_t more;

    if (read(w->order.rested_fd, &more, sizeof more) != sizeof more)
        die_errno("cannot read the event descriptor of the windows");
    w->rested += more;
    if (w->rested < w->threads)
        return false;
    w->resting = true;
    if (atomic_load(&w->order.number) > 0) {
        uint64_t ns = collect(w);
        /* One that was cut short is in the report alone. */
        if (!moments_flag(&w->moments->stopped))
            tell(w, ns);
    }
    return next_command(w);
}

void windows_end(struct windows *w)
{
    if (!w->resting && atomic_load(&w->order.number) > 0)
        collect(w);
    for (uint32_t i = 0; i < w->threads; i++) {
        struct record *r = &w->workers[i].record;
        struct record all = w->sums[i];
        for (unsigned k = 0; k < COUNT_OUTCOMES; k++)
            record_reason(&all, k, r->reasons[k]);
        w->sums[i] = *r;
        *r = all;
    }
}

void windows_free(struct windows *w)
{
    for (uint32_t i = 0; i < w->threads; i++)
        record_free(&w->sums[i]);
    free(w->sums);
    record_free(&w->window);
    close(w->order.rested_fd);
}
