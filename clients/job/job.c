#include "clients/job/job.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "common/clock.h"
#include "common/err.h"

#define MARK "{i}"

const char *const outcome_names[OUTCOMES] = {"ok",  "refused", "reset",   "timeout",
                                             "eof", "corrupt", "non_2xx", "system"};

static bool is_fit(const struct job *job, char *error, size_t size)
{
    bool fits = job->url.protocol == URL_HTTP && addr_family(&job->url.addr) != AF_UNIX;
    if (!fits)
        snprintf(error, size, "'%s': a client speaks HTTP over TCP only", job->url_text);
    return fits;
}

/* Where the number goes, NULL for nowhere: a fragment is not sent (RFC 9110, section 7.1). */
static const char *find_mark(const char *text)
{
    const char *mark = strstr(text, MARK);
    return mark && mark < text + strcspn(text, "#") ? mark : NULL;
}

bool job_set_url(struct job *job, const char *text, char *error, size_t size)
{
    const char *mark = find_mark(text);
    job->url_text = text;
    job->number_at = SIZE_MAX;
    if (!mark)
        return url_parse(text, &job->url, error, size) && is_fit(job, error, size);

    const char *rest = mark + strlen(MARK);
    char *with_0 = xmalloc(strlen(text) + 1);
    char *at = mempcpy(with_0, text, (size_t)(mark - text));
    strcpy(stpcpy(at, "0"), rest);
    bool good = !find_mark(rest) && url_parse(with_0, &job->url, error, size);
    free(with_0);
    size_t after = strcspn(rest, "#") + 1, length = good ? strlen(job->url.target) : 0;
    if (find_mark(rest) || (good && after >= length)) {
        snprintf(error, size, "'%s': %s stands once, in the path or in the query", text, MARK);
        return false;
    }
    job->number_at = length - after;
    return good && is_fit(job, error, size);
}

void job_share(struct job *job)
{
    size_t bytes = (1 + job->concurrency) * sizeof *job->tallies;
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        die_errno("cannot map %zu bytes for counters", bytes);
    _Static_assert(sizeof *job->shared <= sizeof *job->tallies, "it has the first place");
    job->shared = p;
    job->tallies = (struct tally *)p + 1;
}

uint64_t job_take(const struct job *job)
{
    /* So that the number cannot run away, look first. */
    if (atomic_load(&job->shared->taken) >= job->requests)
        return 0;
    uint64_t number = atomic_fetch_add(&job->shared->taken, 1) + 1;
    return number <= job->requests ? number : 0;
}

/* `text` with `number` in the place of the `mark` bytes at `at`. */
static int put_number(char *out, const char *text, size_t at, size_t mark, uint64_t number)
{
    return sprintf(out, "%.*s%llu%s", (int)at, text, (unsigned long long)number,
                   text + at + mark);
}

size_t job_request(const struct job *job, uint64_t number, char *out)
{
    const char *target = job->url.target;
    char *at = stpcpy(out, "GET ");
    if (job->number_at == SIZE_MAX)
        at = stpcpy(at, target);
    else
        at += put_number(at, target, job->number_at, 1, number);
    at += sprintf(at, " HTTP/1.1\r\nHost: %s\r\n%s\r\n", job->url.host,
                  job->close ? "Connection: close\r\n" : "");
    return (size_t)(at - out);
}

void job_url(const struct job *job, uint64_t number, char *out)
{
    const char *mark = find_mark(job->url_text);
    if (mark)
        put_number(out, job->url_text, (size_t)(mark - job->url_text), strlen(MARK), number);
    else
        strcpy(out, job->url_text);
}

uint64_t tally_begin(struct tally *t)
{
    uint64_t now = clock_ns();
    if (t->first_begun == 0)
        t->first_begun = now;
    return now;
}

void tally_end(struct tally *t, enum outcome outcome)
{
    t->ended[outcome]++;
    t->last_ended = clock_ns();
}

struct tally job_sum(const struct job *job)
{
    struct tally sum = {.first_begun = CLOCK_NEVER};
    for (unsigned i = 0; i < job->concurrency; i++) {
        const struct tally *t = &job->tallies[i];
        for (unsigned o = 0; o < OUTCOMES; o++)
            sum.ended[o] += t->ended[o];
        sum.opened += t->opened;
        sum.sent_again += t->sent_again;
        sum.body_bytes += t->body_bytes;
        if (t->first_begun != 0 && t->first_begun < sum.first_begun)
            sum.first_begun = t->first_begun;
        if (t->last_ended > sum.last_ended)
            sum.last_ended = t->last_ended;
    }
    return sum;
}
