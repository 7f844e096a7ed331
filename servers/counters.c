#include "counters.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/err.h"

static struct {
    const char *model, *protocol;
    struct counters *slots;
    uint32_t *free; /* a stack of slots that were taken and given back */
    uint32_t free_count, used, size;
} table;

void counters_create(const char *model, const char *protocol, size_t slots)
{
    size_t bytes = slots * sizeof *table.slots;
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        die_errno("cannot map %zu bytes for counters", bytes);
    table.model = model;
    table.protocol = protocol;
    table.slots = p;
    table.size = (uint32_t)slots;
    table.used = 1;
    table.free = xmalloc(slots * sizeof *table.free);
}

struct counters *counters_main(void)
{
    return table.slots;
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
    table.free[table.free_count++] = (uint32_t)(slot - table.slots);
}

/* snprintf is not async-signal-safe, hence these three. */
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

#define AT(name) offsetof(struct counters, name)

void counters_print(int final)
{
    static const struct {
        const char *name;
        size_t offset;
    } fields[] = {
        {"accepted", AT(accepted)}, {"closed", AT(closed)},
        {"refused", AT(refused)},   {"requests", AT(requests)},
        {"bytes_in", AT(bytes_in)}, {"bytes_out", AT(bytes_out)},
        {"wakeups", AT(wakeups)},   {"events", AT(events)},
        {"eagain", AT(eagain)},     {"accept_errors", AT(accept_errors)},
        {"timeouts", AT(timeouts)},
    };
    enum { FIELDS = sizeof fields / sizeof fields[0] };
    uint64_t sum[FIELDS] = {0}, max_events = 0;

    for (uint32_t i = 0; i < table.used; i++) {
        for (size_t f = 0; f < FIELDS; f++) {
            counter *c = (counter *)(void *)((char *)&table.slots[i] + fields[f].offset);
            sum[f] += atomic_load_explicit(c, memory_order_relaxed);
        }
        uint64_t most = atomic_load_explicit(&table.slots[i].max_events, memory_order_relaxed);
        if (most > max_events)
            max_events = most;
    }

    char line[1536], *at = line;
    at = put_text(at, "{\"model\":\"");
    at = put_text(at, table.model);
    at = put_text(at, "\",\"protocol\":\"");
    at = put_text(at, table.protocol);
    at = put_text(at, "\"");
    for (size_t f = 0; f < FIELDS; f++)
        at = put_field(at, fields[f].name, sum[f]);
    at = put_field(at, "max_events", max_events);
    at = put_field(at, "aborted", final ? sum[0] - sum[1] : 0);
    at = put_usage(at);
    at = put_text(at, "}\n");

    ssize_t ignored = write(STDOUT_FILENO, line, (size_t)(at - line));
    (void)ignored; /* a reader that has gone is no reason to fail */
}
