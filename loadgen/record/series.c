#include "loadgen/record/series.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/err.h"

static void clear(struct series_interval *i)
{
    memset(i, 0, offsetof(struct series_interval, latency));
    histogram_clear(&i->latency);
}

/* Take the first one, NULL where there is none. */
static struct series_interval *take(struct series *s, struct series_list *from)
{
    pthread_mutex_lock(&s->lock);
    struct series_interval *i = STAILQ_FIRST(from);
    if (i)
        STAILQ_REMOVE_HEAD(from, next);
    pthread_mutex_unlock(&s->lock);
    return i;
}

static struct series_interval *take_empty(struct series *s)
{
    struct series_interval *i = take(s, &s->empty);
    if (!i) {
        i = xcalloc(1, sizeof *i);
        clear(i);
    }
    return i;
}

void series_init(struct series *s, uint64_t interval_ns, int tell_fd)
{
    *s = (struct series){.boundary = CLOCK_NEVER,
                         .interval_ns = interval_ns,
                         .tell_fd = tell_fd,
                         .window_ns = CLOCK_NEVER};
    pthread_mutex_init(&s->lock, NULL);
    STAILQ_INIT(&s->done);
    STAILQ_INIT(&s->empty);
    s->current = take_empty(s);
    /* The first of those for reuse: memory need not be had when an interval ends. */
    struct series_interval *spare = take_empty(s);
    STAILQ_INSERT_HEAD(&s->empty, spare, next);
}

static void free_list(struct series *s, struct series_list *list)
{
    struct series_interval *i;
    while ((i = take(s, list)))
        free(i);
}

void series_free(struct series *s)
{
    free_list(s, &s->done);
    free_list(s, &s->empty);
    free(s->current);
    pthread_mutex_destroy(&s->lock);
}

/* Hand over the current interval, which ended `end` after the opening, and begin the next. */
static void hand_over(struct series *s, uint64_t end, bool closed)
{
    struct series_interval *done = s->current;
    uint64_t one = 1;

    s->current = take_empty(s);
    s->current->number = done->number + 1;
    done->ends_at = end;
    pthread_mutex_lock(&s->lock);
    STAILQ_INSERT_TAIL(&s->done, done, next);
    s->closed = closed;
    pthread_mutex_unlock(&s->lock);
    if (write(s->tell_fd, &one, sizeof one) < 0)
        die_errno("cannot tell that an interval is over");
}

void series_open(struct series *s, uint64_t at)
{
    s->opened_at = at;
    s->boundary = clock_after(at, s->interval_ns);
}

void series_roll(struct series *s, uint64_t now)
{
    while (now >= s->boundary) {
        hand_over(s, s->boundary - s->opened_at, false);
        s->boundary = clock_after(s->boundary, s->interval_ns);
    }
}

void series_window_over(struct series *s, uint64_t at)
{
    pthread_mutex_lock(&s->lock);
    s->window_ns = at > s->opened_at ? at - s->opened_at : 0;
    pthread_mutex_unlock(&s->lock);
}

void series_close(struct series *s, uint64_t at)
{
    if (s->boundary == CLOCK_NEVER)
        s->opened_at = at;
    else
        series_roll(s, at);
    hand_over(s, at - s->opened_at, true);
    s->boundary = CLOCK_NEVER;
}

struct series_writer *series_writer_open(const struct options *o, struct series **all,
                                         uint32_t count)
{
    struct series_writer *w = xcalloc(1, sizeof *w);

    w->options = o;
    w->all = all;
    w->count = count;
    if (o->csv_kept && all)
        return w;
    w->out = fopen(o->csv, "we");
    if (!w->out)
        die_errno("cannot write '%s'", o->csv);
    fputs("time_s,interval_s,requests,requests_per_second", w->out);
    for (unsigned k = COUNT_OK + 1; k < COUNT_OUTCOMES; k++)
        fprintf(w->out, ",%s", outcome_name(k));
    fputs(",mean_us,p50_us,p99_us,max_us,late,late_max_us,rate_asked\n", w->out);
    if (fflush(w->out) == EOF)
        die_errno("cannot write '%s'", o->csv);
    return w;
}

static void write_times(FILE *out, const struct histogram *h)
{
    uint64_t p50 = 0, p99 = 0;

    if (histogram_percentile(h, 500000, &p50) && histogram_percentile(h, 990000, &p99))
        fprintf(out, ",%.3f,%.3f,%.3f,%.3f", histogram_mean(h) / 1e3, (double)p50 / 1e3,
                (double)p99 / 1e3, (double)h->max / 1e3);
    else
        fputs(",,,,", out);
}

static void tell_failure(struct series_writer *w)
{
    if (!w->failed)
        warn("cannot write '%s': %s", w->options->csv, strerrordesc_np(errno));
    w->failed = true;
}

/* What was asked for in the time that the row is of. After the window nothing is. */
static void write_asked(const struct series_writer *w, uint64_t end)
{
    const struct options *o = w->options;
    uint64_t until = w->window_ns;
    double asked = 0;

    for (uint32_t k = 0; k < w->count; k++) {
        pthread_mutex_lock(&w->all[k]->lock);
        if (w->all[k]->window_ns > until)
            until = w->all[k]->window_ns;
        pthread_mutex_unlock(&w->all[k]->lock);
    }
    if (until > o->duration_ns)
        until = o->duration_ns;
    if (until > end)
        until = end;

    if (until > w->last_end)
        asked = options_rate(o, w->last_end, until) * (double)(until - w->last_end) /
                (double)(end - w->last_end);
    if (o->rate_milli > 0)
        fprintf(w->out, ",%.2f\n", asked);
    else
        fputs(",\n", w->out);
}

static void write_row(struct series_writer *w)
{
    const struct series_interval *i = &w->sum;
    double seconds = (double)(i->ends_at - w->last_end) / 1e9;
    uint64_t events = 0;

    if (!w->out) {
        series_rows_keep(&w->kept, i);
        return;
    }

    for (unsigned k = 0; k < COUNT_OUTCOMES; k++)
        events += i->outcomes[k];
    /* What is left of the last interval where the window ends with one: nothing. */
    if (seconds > 0 || events > 0) {
        fprintf(w->out, "%.6f,%.6f,%llu,%.2f", (double)i->ends_at / 1e9, seconds,
                (unsigned long long)i->outcomes[COUNT_OK],
                seconds > 0 ? (double)i->outcomes[COUNT_OK] / seconds : 0);
        for (unsigned k = COUNT_OK + 1; k < COUNT_OUTCOMES; k++)
            fprintf(w->out, ",%llu", (unsigned long long)i->outcomes[k]);
        write_times(w->out, &i->latency);
        fprintf(w->out, ",%llu,%.3f", (unsigned long long)i->late,
                (double)i->late_max_ns / 1e3);
        write_asked(w, i->ends_at);
        /* The run goes on: what it measures is worth more than the rows. */
        if (fflush(w->out) == EOF)
            tell_failure(w);
    }
    w->last_end = i->ends_at;
    w->next++;
}

/* Is the next row's interval over for this worker? */
static bool is_over(struct series *s)
{
    pthread_mutex_lock(&s->lock);
    bool over = !STAILQ_EMPTY(&s->done) || s->closed;
    pthread_mutex_unlock(&s->lock);
    return over;
}

static void give_back(struct series *s, struct series_interval *i)
{
    clear(i);
    pthread_mutex_lock(&s->lock);
    STAILQ_INSERT_HEAD(&s->empty, i, next);
    pthread_mutex_unlock(&s->lock);
}

static void add(struct series_interval *sum, const struct series_interval *i)
{
    for (unsigned k = 0; k < COUNT_OUTCOMES; k++)
        sum->outcomes[k] += i->outcomes[k];
    sum->late += i->late;
    if (i->late_max_ns > sum->late_max_ns)
        sum->late_max_ns = i->late_max_ns;
    if (i->ends_at > sum->ends_at)
        sum->ends_at = i->ends_at;
    histogram_merge(&sum->latency, &i->latency);
}

void series_writer_collect(struct series_writer *w)
{
    for (;;) {
        bool any = false;
        for (uint32_t k = 0; k < w->count; k++)
            if (!is_over(w->all[k]))
                return;
        clear(&w->sum);
        for (uint32_t k = 0; k < w->count; k++) {
            struct series_interval *i = take(w->all[k], &w->all[k]->done);
            if (!i)
                continue;
            any = true;
            add(&w->sum, i);
            give_back(w->all[k], i);
        }
        if (!any)
            return;
        write_row(w);
    }
}

static bool close_file(struct series_writer *w)
{
    if (w->out && fclose(w->out) == EOF)
        tell_failure(w);
    bool good = !w->failed;
    free(w);
    return good;
}

bool series_writer_close(struct series_writer *w, struct series_rows *kept)
{
    series_writer_collect(w);
    *kept = w->kept;
    return close_file(w);
}

bool series_write_rows(const struct options *o, struct series_rows *each, uint32_t count,
                       uint64_t window_ns)
{
    struct series_writer *w = series_writer_open(o, NULL, 0);
    struct series_interval *row = xmalloc(sizeof *row);
    bool any = true;

    w->window_ns = window_ns;
    while (any) {
        any = false;
        clear(&w->sum);
        for (uint32_t k = 0; k < count; k++) {
            if (!series_rows_next(&each[k], row))
                continue;
            any = true;
            add(&w->sum, row);
        }
        if (any)
            write_row(w);
    }
    free(row);
    return close_file(w);
}
