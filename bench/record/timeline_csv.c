#include "bench/record/timeline_csv.h"

#include <math.h>
#include <stdlib.h>

#include "bench/base/csv.h"
#include "bench/base/text.h"
#include "common/err.h"

static FILE *begin(const char *dir, const char *name, const char *header)
{
    char *path = text_format("%s/%s", dir, name);
    FILE *f = fopen(path, "wxe");
    if (!f)
        die_errno("cannot write %s", path);
    free(path);
    fprintf(f, "%s\n", header);
    return f;
}

FILE *timeline_csv_open(const char *dir)
{
    return begin(dir, "timeline.csv", "server,time_s,answers,failed,p50_us,p99_us,max_us");
}

FILE *crash_csv_open(const char *dir)
{
    return begin(dir, "crash.csv",
                 "server,connections,processes,died,replaced,server_died,cut,failed,again_ms,"
                 "silence_ms,rate_before,rate_after");
}

FILE *hog_csv_open(const char *dir)
{
    return begin(dir, "hog.csv",
                 "server,connections,cpu_us,rate_without,rate_with,p50_us_without,p50_us_with,"
                 "p99_us_without,p99_us_with,max_us_without,max_us_with,answered_without,"
                 "answered_with,silence_ms_without,silence_ms_with,hog_rate");
}

FILE *slow_clients_csv_open(const char *dir)
{
    return begin(
        dir, "slow-clients.csv",
        "server,connections,slow,rate_before,rate_after,answered_before,answered_after,"
        "silence_ms");
}

static void put(FILE *f, double value, int digits)
{
    fputc(',', f);
    csv_put_number(f, isfinite(value) ? value : NAN, digits);
}

void timeline_csv_put(FILE *f, const char *label, const struct timeline *t)
{
    for (size_t i = 0; i < t->count; i++) {
        const struct timeline_bin *b = &t->at[i];
        csv_put_text(f, label);
        put(f, b->at_s, 6);
        put(f, b->answers, 0);
        put(f, b->failed, 0);
        put(f, b->p50_us, 3);
        put(f, b->p99_us, 3);
        put(f, b->max_us, 3);
        fputc('\n', f);
    }
    fflush(f);
}

void crash_csv_put(FILE *f, const char *label, unsigned connections, const struct crash *c)
{
    csv_put_text(f, label);
    fprintf(f, ",%u,%u,%u,%u,%d", connections, c->processes, c->died, c->replaced,
            c->server_died);
    put(f, c->cut, 0);
    put(f, c->failed, 0);
    put(f, c->again_ms, 1);
    put(f, c->silence_ms, 1);
    put(f, c->rate_before, 1);
    put(f, c->rate_after, 1);
    fputc('\n', f);
    fflush(f);
}

void hog_csv_put(FILE *f, const char *label, unsigned connections, uint64_t cpu_us,
                 const struct hog *h)
{
    csv_put_text(f, label);
    fprintf(f, ",%u,%llu", connections, (unsigned long long)cpu_us);
    put(f, h->without.rate, 1);
    put(f, h->with.rate, 1);
    put(f, h->without.p50_us, 3);
    put(f, h->with.p50_us, 3);
    put(f, h->without.p99_us, 3);
    put(f, h->with.p99_us, 3);
    put(f, h->without.max_us, 3);
    put(f, h->with.max_us, 3);
    put(f, h->without.answered, 4);
    put(f, h->with.answered, 4);
    put(f, h->without.silence_ms, 1);
    put(f, h->with.silence_ms, 1);
    put(f, h->hog_rate, 2);
    fputc('\n', f);
    fflush(f);
}

void slow_clients_csv_put(FILE *f, const char *label, unsigned connections, unsigned slow,
                          const struct slow_clients *s)
{
    csv_put_text(f, label);
    fprintf(f, ",%u,%u", connections, slow);
    put(f, s->rate_before, 1);
    put(f, s->rate_after, 1);
    put(f, s->answered_before, 4);
    put(f, s->answered_after, 4);
    put(f, s->silence_ms, 1);
    fputc('\n', f);
    fflush(f);
}

void timeline_csv_close(FILE *f, const char *dir, const char *name)
{
    if (!text_close(f))
        die_errno("cannot write %s/%s", dir, name);
}
