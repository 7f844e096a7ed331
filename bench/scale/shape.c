#include "bench/scale/shape.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/base/figures.h"
#include "bench/base/text.h"

/* Descriptors that a process has besides: files, an engine, a listening socket a worker. */
enum { OTHER_DESCRIPTORS = 192 };

/* Addresses 127.100.1.x to 127.254.250.x, a third number for each pair. */
enum { FIRST_NET = 100, LAST_NET = 254, PAIRS_A_NET = 250, SOURCES_MAX_EACH = 250 };
enum { PAIRS_MAX = (LAST_NET - FIRST_NET + 1) * PAIRS_A_NET };

unsigned scale_share(unsigned whole, unsigned parts, unsigned i)
{
    return whole / parts + (i < whole % parts);
}

unsigned scale_part(const struct scale_shape *s, unsigned i)
{
    return scale_share(s->connections, s->pairs, i);
}

char *scale_sources(const struct scale_shape *s, unsigned i, char out[SCALE_SOURCE_TEXT])
{
    unsigned net = FIRST_NET + i / PAIRS_A_NET, pair = i % PAIRS_A_NET + 1;

    snprintf(out, SCALE_SOURCE_TEXT, "127.%u.%u.1-127.%u.%u.%u", net, pair, net, pair,
             s->sources);
    return out;
}

/* connect() finds ports of one parity at once, and searches for others: half of the range. */
static unsigned ports_of_a_source(void)
{
    char *text = text_read_file("/proc/sys/net/ipv4/ip_local_port_range");
    unsigned low = 32768, high = 60999;

    if (text)
        sscanf(text, "%u %u", &low, &high);
    free(text);
    return high > low + 1 ? (high - low + 1) / 2 : 1;
}

/* Files of the whole machine: each end of a connection is one. */
static bool files_suffice(const struct scale_shape *s, char *reason, size_t reason_size)
{
    char *text = text_read_file("/proc/sys/fs/file-nr");
    unsigned long long used, most;
    double need = 2.0 * s->connections + 2.0 * OTHER_DESCRIPTORS * s->pairs;
    bool known = text && sscanf(text, "%llu %*u %llu", &used, &most) == 2;
    char numbers[3][32];

    free(text);
    if (!known || need + (double)used <= (double)most)
        return true;
    snprintf(reason, reason_size,
             "%s connections have %s ends, and with %s open files there are more than "
             "fs.file-max, %llu",
             figure_thousands(s->connections, numbers[0]),
             figure_thousands(2.0 * s->connections, numbers[1]),
             figure_thousands((double)used, numbers[2]), most);
    return false;
}

bool scale_shape_find(struct scale_shape *out, unsigned connections, unsigned descriptors,
                      unsigned honest, char *reason, size_t reason_size)
{
    if (descriptors <= OTHER_DESCRIPTORS + honest) {
        snprintf(reason, reason_size, "%u descriptors a process are too few: %u are needed",
                 descriptors, OTHER_DESCRIPTORS + honest + 1);
        return false;
    }
    unsigned room = descriptors - OTHER_DESCRIPTORS - honest;
    unsigned ports = ports_of_a_source();
    unsigned pairs = (connections - 1) / room + 1;
    unsigned each = (connections - 1) / pairs + 1;
    *out = (struct scale_shape){
        .connections = connections, .pairs = pairs, .sources = (each - 1) / ports + 1};
    if (pairs > PAIRS_MAX || out->sources > SOURCES_MAX_EACH) {
        snprintf(reason, reason_size, "%u servers with %u connections each are too many", pairs,
                 each);
        return false;
    }
    return files_suffice(out, reason, reason_size);
}

bool scale_cost_find(const struct scale_pilot *p, struct scale_cost *out, char *reason,
                     size_t reason_size)
{
    if (!isfinite(p->first) || !isfinite(p->second) || !isfinite(p->server)) {
        snprintf(reason, reason_size,
                 "what connections take is not known: /proc/meminfo tells no Slab, KernelStack "
                 "or PageTables, or smaps_rollup of a process cannot be read");
        return false;
    }
    *out = (struct scale_cost){.tasks_each = p->tasks_each, .tasks_pair = p->tasks_pair};
    if (p->few == 0) {
        out->each = fmax(0, p->second) / p->many;
        out->pair = p->server;
        return true;
    }
    if (p->second <= p->first) {
        snprintf(
            reason, reason_size,
            "what a connection takes is not known: %u took %.1f MiB, and %u took %.1f MiB; "
            "other programs take and give back more than that",
            p->few, p->first / 1024, p->many, p->second / 1024);
        return false;
    }
    out->each = (p->second - p->first) / (p->many - p->few);
    out->pair = fmax(0, p->first - out->each * p->few) + p->server;
    return true;
}

double scale_sum(const struct scale_cost *c, const struct scale_shape *s)
{
    return c->each * s->connections + c->pair * s->pairs;
}

bool scale_fits(const struct scale_cost *c, const struct scale_shape *s, double available,
                double reserve, char *reason, size_t reason_size)
{
    static const double gib = 1024.0 * 1024.0;
    double sum = scale_sum(c, s);
    double most = (available - reserve) / (sum / s->connections);
    char numbers[2][32];

    if (sum + reserve <= available)
        return true;
    snprintf(reason, reason_size,
             "%s connections would take %.1f GiB: %.2f KiB a connection, %.1f MiB for each of "
             "%u servers and its load generator; %.1f GiB are free, of which %.1f are to stay "
             "free: enough for some %s",
             figure_thousands(s->connections, numbers[0]), sum / gib, c->each, c->pair / 1024,
             s->pairs, available / gib, reserve / gib,
             figure_thousands(most > 0 ? most : 0, numbers[1]));
    return false;
}
