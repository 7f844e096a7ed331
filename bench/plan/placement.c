#include "bench/plan/placement.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/text.h"
#include "common/err.h"

/* Read a list such as "0-2,5" into `set`. */
static void parse_cpus(const char *text, cpu_set_t *set)
{
    CPU_ZERO(set);
    while (*text >= '0' && *text <= '9') {
        char *end;
        unsigned long from = strtoul(text, &end, 10);
        unsigned long to = from;
        if (*end == '-')
            to = strtoul(end + 1, &end, 10);
        for (; from <= to && from < CPU_SETSIZE; from++)
            CPU_SET(from, set);
        text = *end == ',' ? end + 1 : end;
    }
}

static void add_siblings(size_t cpu, cpu_set_t *set)
{
    char path[128];
    snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%zu/topology/thread_siblings_list",
             cpu);
    char *text = text_first_line(path);
    if (!text)
        return;
    cpu_set_t siblings;
    parse_cpus(text, &siblings);
    CPU_OR(set, set, &siblings);
    free(text);
}

unsigned placement_available(void)
{
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0)
        die_errno("cannot read the CPUs this process may use");
    return (unsigned)CPU_COUNT(&allowed);
}

void placement_choose(struct placement *p, int server_cpus)
{
    cpu_set_t allowed;
    cpu_set_t cores; /* the server's CPUs and their siblings */

    *p = (struct placement){0};
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0)
        die_errno("cannot read the CPUs this process may use");
    CPU_ZERO(&cores);

    for (size_t cpu = 0; cpu < CPU_SETSIZE && p->server_count < server_cpus; cpu++) {
        if (CPU_ISSET(cpu, &allowed)) {
            CPU_SET(cpu, &p->server);
            p->server_count++;
            add_siblings(cpu, &cores);
        }
    }
    for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &allowed) && !CPU_ISSET(cpu, &p->server) && !CPU_ISSET(cpu, &cores))
            CPU_SET(cpu, &p->generator);
    if (CPU_COUNT(&p->generator) == 0) {
        CPU_XOR(&p->generator, &allowed, &p->server);
        p->siblings_shared = CPU_COUNT(&p->generator) > 0;
    }
    if (CPU_COUNT(&p->generator) == 0) {
        p->generator = allowed;
        p->shared = true;
    }
    p->generator_count = CPU_COUNT(&p->generator);
}

void placement_narrow(const struct placement *all, unsigned server_cpus, struct placement *out)
{
    *out = *all;
    for (size_t cpu = CPU_SETSIZE; cpu-- > 0 && (unsigned)out->server_count > server_cpus;) {
        if (CPU_ISSET(cpu, &out->server)) {
            CPU_CLR(cpu, &out->server);
            out->server_count--;
        }
    }
}

char *placement_shared_text(const struct placement *p, char *out, size_t out_size)
{
    if (p->generator_count > 1)
        snprintf(out, out_size, "server and load generator share all %d CPUs",
                 p->generator_count);
    else
        snprintf(out, out_size, "server and load generator share one CPU");
    return out;
}

char *placement_format(const cpu_set_t *set, char *out, size_t out_size)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (!CPU_ISSET(cpu, set))
            continue;
        size_t last = cpu;
        while (last + 1 < CPU_SETSIZE && CPU_ISSET(last + 1, set))
            last++;
        int n = snprintf(out + used, out_size - used, last > cpu ? "%s%zu-%zu" : "%s%zu",
                         used ? "," : "", cpu, last);
        used += n > 0 && (size_t)n < out_size - used ? (size_t)n : 0;
        cpu = last;
    }
    return out;
}
