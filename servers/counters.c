#include "servers/counters.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/err.h"
#include "common/target_digest.h"
#include "servers/model.h"

struct shared {
    struct service service;
    atomic_int word;
};

static struct {
    const struct model *model;
    const char *protocol;
    struct counters *slots; /* the main thread's slot, the workers', the slots to be taken */
    unsigned workers;
    uint32_t *free; /* a stack of slots that were taken and given back */
    uint32_t free_count, used, size;
    struct shared *shared;
} table;
_Static_assert(sizeof(struct shared) <= sizeof(struct counters), "it lies in a slot's place");

void counters_create(const struct model *m, const char *protocol, unsigned workers,
                     size_t spare)
{
    size_t slots = 1 + workers + spare;
    size_t bytes = (slots + 1) * sizeof *table.slots; /* what is shared has the last place */
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        die_errno("cannot map %zu bytes for counters", bytes);
    table.model = m;
    table.protocol = protocol;
    table.slots = p;
    table.size = (uint32_t)slots;
    table.shared = (struct shared *)(void *)(table.slots + slots);
    table.workers = workers;
    table.used = 1 + workers;
    table.free = xmalloc(slots * sizeof *table.free);
}

atomic_int *counters_shared_word(void)
{
    return &table.shared->word;
}

struct service *counters_service(void)
{
    return &table.shared->service;
}

struct counters *counters_main(void)
{
    return table.slots;
}

struct counters *counters_of_worker(unsigned worker)
{
    return &table.slots[1 + worker];
}

uint64_t counters_open(void)
{
    uint64_t open = 0;
    for (uint32_t i = 0; i < table.used; i++) {
        struct counters *c = &table.slots[i];
        /* In this order, so that what changes meanwhile makes the result too high, not too low. */
        uint64_t over = atomic_load(&c->closed) + atomic_load(&c->lost);
        open += atomic_load(&c->accepted) - over;
    }
    return open;
}

/* Whoever wrote to the slot may have died over requests. */
static void none_in_service(struct counters *slot)
{
    uint64_t left = slot->in_service;
    if (left > 0)
        atomic_fetch_sub(&table.shared->service.now, left);
    slot->in_service = 0;
}

void counters_lost(struct counters *slot)
{
    none_in_service(slot);
    count(&slot->lost, slot->accepted - slot->closed - slot->lost);
}

struct counters *counters_take(void)
{
    if (table.free_count > 0)
        return &table.slots[table.free[--table.free_count]];
    if (table.used == table.size)
        return NULL;
    return &table.slots[table.used++];
}

void counters_give(struct counters *slot)
{
    none_in_service(slot);
    table.free[table.free_count++] = (uint32_t)(slot - table.slots);
}

/* snprintf is not async-signal-safe, hence these three functions. */
static char *put_text(char *at, const char *text)
{
    size_t n = strlen(text);
    memcpy(at, text, n);
    return at + n;
}

static char *put_number(char *at, uint64_t value)
{
    char digits[20];
    size_t n = 0;
    do {
        digits[n++] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    while (n)
        *at++ = digits[--n];
    return at;
}

static char *put_field(char *at, const char *name, uint64_t value)
{
    at = put_text(at, ",\"");
    at = put_text(at, name);
    at = put_text(at, "\":");
    return put_number(at, value);
}

static uint64_t microseconds(struct timeval t)
{
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_usec;
}

/* Of this process and of the children it has waited for. */
static char *put_usage(char *at)
{
    struct rusage self, kids;
    getrusage(RUSAGE_SELF, &self);
    getrusage(RUSAGE_CHILDREN, &kids);
    at = put_field(at, "user_us", microseconds(self.ru_utime) + microseconds(kids.ru_utime));
    at = put_field(at, "system_us", microseconds(self.ru_stime) + microseconds(kids.ru_stime));
    at = put_field(at, "voluntary_switches", (uint64_t)(self.ru_nvcsw + kids.ru_nvcsw));
    at = put_field(at, "involuntary_switches", (uint64_t)(self.ru_nivcsw + kids.ru_nivcsw));
    at = put_field(at, "minor_faults", (uint64_t)(self.ru_minflt + kids.ru_minflt));
    long rss = self.ru_maxrss > kids.ru_maxrss ? self.ru_maxrss : kids.ru_maxrss;
    return put_field(at, "max_rss_kib", (uint64_t)rss);
}

static uint64_t value_at(const struct counters *slot, size_t offset)
{
    const counter *c = (const counter *)(const void *)((const char *)slot + offset);
    return atomic_load_explicit(c, memory_order_relaxed);
}

static uint64_t sum_of(size_t offset)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < table.used; i++)
        sum += value_at(&table.slots[i], offset);
    return sum;
}

static uint64_t largest_of(size_t offset)
{
    uint64_t largest = 0;
    for (uint32_t i = 0; i < table.used; i++) {
        uint64_t value = value_at(&table.slots[i], offset);
        if (value > largest)
            largest = value;
    }
    return largest;
}

struct field {
    const char *name;
    size_t offset;
};

#define FIELD(name)                                                                            \
    {                                                                                          \
#name, offsetof(struct counters, name)                                                 \
    }

static char *put_sums(char *at, int final)
{
    static const struct field fields[] = {
        FIELD(accepted),      FIELD(closed),        FIELD(refused),  FIELD(requests),
        FIELD(bytes_in),      FIELD(bytes_out),     FIELD(wakeups),  FIELD(events),
        FIELD(eagain),        FIELD(accept_errors), FIELD(timeouts), FIELD(unaccepted),
        FIELD(accept_bursts),
    };
    uint64_t closed = sum_of(offsetof(struct counters, closed));
    uint64_t lost = sum_of(offsetof(struct counters, lost));
    for (size_t f = 0; f < sizeof fields / sizeof fields[0]; f++)
        at = put_field(at, fields[f].name, sum_of(fields[f].offset));
    at = put_field(at, "max_events", largest_of(offsetof(struct counters, max_events)));
    at = put_field(at, "max_in_service", table.shared->service.most);
    at = put_field(at, "wait_targets", table.shared->service.wait_targets & TARGET_DIGEST_MASK);
    uint64_t accepted = sum_of(offsetof(struct counters, accepted));
    at = put_field(at, "aborted", final ? accepted - closed : lost);

    for (size_t i = 0; i < EXTRA_COUNTERS && table.model->extra_counters[i]; i++) {
        const char *name = table.model->extra_counters[i];
        size_t offset = offsetof(struct counters, extra[0]) + i * sizeof(counter);
        at = put_field(at, name,
                       strncmp(name, "max_", 4) == 0 ? largest_of(offset) : sum_of(offset));
    }
    return at;
}

static char *put_workers(char *at)
{
    static const struct field fields[] = {FIELD(accepted), FIELD(closed), FIELD(requests),
                                          FIELD(alive), FIELD(started)};
    uint64_t replaced = 0;
    for (unsigned w = 0; w < table.workers; w++) {
        uint64_t started = counters_of_worker(w)->started;
        replaced += started > 1 ? started - 1 : 0;
    }
    at = put_field(at, "workers_replaced", replaced);
    at = put_text(at, ",\"workers\":[");
    for (unsigned w = 0; w < table.workers; w++) {
        char *begin = at;
        for (size_t f = 0; f < sizeof fields / sizeof fields[0]; f++)
            at = put_field(at, fields[f].name,
                           value_at(counters_of_worker(w), fields[f].offset));
        *begin = '{'; /* in place of the first comma */
        at = put_text(at, w + 1 < table.workers ? "}," : "}");
    }
    return put_text(at, "]");
}

/* Five numbers of 20 digits with their names. */
#define WORKER_TEXT_MAX 160

bool counters_print(int final)
{
    /* Not on the stack: a coroutine or a small alternate stack for signals may be all there is. */
    static char line[2048 + WORKERS_MAX * WORKER_TEXT_MAX];
    char *at = line;
    at = put_text(at, "{\"model\":\"");
    at = put_text(at, table.model->name);
    at = put_text(at, "\",\"protocol\":\"");
    at = put_text(at, table.protocol);
    at = put_text(at, "\"");
    at = put_sums(at, final);
    if (table.workers > 0)
        at = put_workers(at);
    at = put_usage(at);
    at = put_text(at, "}\n");

    for (const char *from = line; from < at;) {
        ssize_t n = write(STDOUT_FILENO, from, (size_t)(at - from));
        if (n < 0 && errno != EINTR)
            return errno == EPIPE; /* a reader that has gone is no reason to fail */
        from += n > 0 ? n : 0;
    }
    return true;
}
