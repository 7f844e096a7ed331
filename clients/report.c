#include "clients/report.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/client.h"
#include "common/clock.h"
#include "common/err.h"
#include "common/parse.h"

void usage_read(struct usage *u)
{
    getrusage(RUSAGE_SELF, &u->self);
    getrusage(RUSAGE_CHILDREN, &u->children);
}

static double seconds(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static double user_s(const struct usage *u)
{
    return seconds(u->self.ru_utime) + seconds(u->children.ru_utime);
}

static double system_s(const struct usage *u)
{
    return seconds(u->self.ru_stime) + seconds(u->children.ru_stime);
}

/* The seconds that an answer of /wait/MS takes; 0 where the URL does not say. */
static double wait_s(const struct job *job)
{
    static const char path[] = "/wait/";
    const char *target = job->url.target;
    char digits[16];
    uint64_t ms = 0;
    if (strncmp(target, path, strlen(path)) != 0)
        return 0;
    size_t end = strlen(path) + strcspn(target + strlen(path), "?");
    if (job->number_at < end)
        return 0; /* each request has a time of its own */
    snprintf(digits, sizeof digits, "%.*s", (int)(end - strlen(path)), target + strlen(path));
    return parse_u64(digits, 0, UINT32_MAX, &ms) ? (double)ms / 1e3 : 0;
}

/* What the job takes where nothing but the waiting takes time: rounds of C requests each. */
static double ideal_s(const struct report *r)
{
    uint64_t rounds = (r->job->requests + r->concurrency - 1) / r->concurrency;
    return (double)rounds * wait_s(r->job);
}

static double wall_s(const struct report *r)
{
    const struct tally *t = &r->sum;
    return t->last_ended > t->first_begun ? (double)(t->last_ended - t->first_begun) / 1e9 : 0;
}

/* As a part of 1; negative for none: a job that was not done has no efficiency. */
static double efficiency(const struct report *r)
{
    bool is_done = r->sum.ended[OUTCOME_OK] == r->job->requests;
    return is_done && wait_s(r->job) > 0 && wall_s(r) > 0 ? ideal_s(r) / wall_s(r) : -1;
}

static double cpu_us_per_request(const struct report *r)
{
    double used =
        user_s(&r->after) + system_s(&r->after) - user_s(&r->before) - system_s(&r->before);
    return used * 1e6 / (double)r->job->requests;
}

static double started_in_s(const struct report *r)
{
    uint64_t begun = r->sum.first_begun;
    return begun == CLOCK_NEVER ? 0 : (double)(begun - r->started_at) / 1e9;
}

static bool print_text(const struct report *r)
{
    const struct tally *t = &r->sum;
    printf("%s: %llu of %llu requests answered right, %u at once, %llu connections\n",
           client.name, (unsigned long long)t->ended[OUTCOME_OK],
           (unsigned long long)r->job->requests, r->concurrency, (unsigned long long)t->opened);
    printf("time         %.6f s, after %.6f s to start\n", wall_s(r), started_in_s(r));
    if (efficiency(r) >= 0)
        printf("efficiency   %.3f: at best it takes %.6f s\n", efficiency(r), ideal_s(r));
    printf("CPU          %.1f us a request\n", cpu_us_per_request(r));
    for (unsigned o = OUTCOME_OK + 1; o < OUTCOMES; o++)
        if (t->ended[o] > 0)
            printf("%-12s %llu\n", outcome_names[o], (unsigned long long)t->ended[o]);
    if (r->lost > 0)
        printf("lost         %llu, with the process that made them\n",
               (unsigned long long)r->lost);
    return true; /* main.c has it checked at the exit: output_check_at_exit() */
}

static json_t *outcomes(const struct report *r)
{
    json_t *j = json_object();
    for (unsigned o = 0; o < OUTCOMES; o++)
        json_object_set_new(j, outcome_names[o], json_integer((json_int_t)r->sum.ended[o]));
    json_object_set_new(j, "lost", json_integer((json_int_t)r->lost));
    return j;
}

static json_t *real_or_null(double value, bool is_known)
{
    return is_known ? json_real(value) : json_null();
}

static json_t *figures(const struct report *r)
{
    const struct tally *t = &r->sum;
    const struct usage *a = &r->after, *b = &r->before;
    long switches = a->self.ru_nvcsw + a->self.ru_nivcsw + a->children.ru_nvcsw +
                    a->children.ru_nivcsw - b->self.ru_nvcsw - b->self.ru_nivcsw -
                    b->children.ru_nvcsw - b->children.ru_nivcsw;
    return json_pack(
        "{s:s, s:s, s:I, s:I, s:b, s:f, s:o, s:I, s:o, s:I, s:f, s:f, s:o, s:o, s:f, s:f, s:f, "
        "s:I, s:I, s:I}",
        "client", client.name, "url", r->job->url_text, "requests",
        (json_int_t)r->job->requests, "concurrency", (json_int_t)r->concurrency, "close",
        r->job->close, "timeout_s", (double)r->job->timeout / 1e9, "outcomes", outcomes(r),
        "connections", (json_int_t)t->opened, "sent_again",
        client.hides_repeats ? json_null() : json_integer((json_int_t)t->sent_again),
        "body_bytes", (json_int_t)t->body_bytes, "start_s", started_in_s(r), "wall_s",
        wall_s(r), "ideal_s", real_or_null(ideal_s(r), wait_s(r->job) > 0), "efficiency",
        real_or_null(efficiency(r), efficiency(r) >= 0), "user_s", user_s(a) - user_s(b),
        "system_s", system_s(a) - system_s(b), "cpu_us_per_request", cpu_us_per_request(r),
        "switches", (json_int_t)switches, "max_rss_kib", (json_int_t)a->self.ru_maxrss,
        "max_child_rss_kib", (json_int_t)a->children.ru_maxrss);
}

static bool print_json(const struct report *r, FILE *out)
{
    json_t *j = figures(r);
    bool good = j && json_dumpf(j, out, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) == 0 &&
                fputc('\n', out) != EOF;
    json_decref(j);
    return good;
}

void report_check(const char *path)
{
    if (!path || strcmp(path, "-") == 0)
        return;
    FILE *out = fopen(path, "ae");
    if (!out)
        die_errno("cannot write '%s'", path);
    fclose(out);
}

bool report_write(const struct report *r, const char *path)
{
    if (!path)
        return print_text(r);
    if (strcmp(path, "-") == 0)
        return print_json(r, stdout);
    FILE *out = fopen(path, "we");
    bool good = out && print_json(r, out);
    if (out && fclose(out) != 0)
        good = false;
    if (!good)
        warn("cannot write '%s': %s", path, strerrordesc_np(errno));
    return good;
}
