#include "bench/trial/cpu_busy.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/text.h"
#include "common/clock.h"

struct cpu_busy cpu_busy_read(const cpu_set_t *set)
{
    char *text = text_read_file("/proc/stat");
    double now = (double)clock_ns();
    double tick = 1e9 / (double)sysconf(_SC_CLK_TCK);
    char *rest = text;
    char *line;
    double busy_ticks = 0;
    double idle_ticks = 0;
    double stolen_ticks = 0;
    int seen = 0;

    while (rest && (line = strsep(&rest, "\n")) && strncmp(line, "cpu", 3) == 0) {
        size_t cpu;
        unsigned long long user, nice, system, idle, waiting, irq, softirq, steal;
        if (sscanf(line, "cpu%zu %llu %llu %llu %llu %llu %llu %llu %llu", &cpu, &user, &nice,
                   &system, &idle, &waiting, &irq, &softirq, &steal) != 9 ||
            cpu >= CPU_SETSIZE || !CPU_ISSET(cpu, set))
            continue;
        busy_ticks += (double)(user + nice + system + irq + softirq + steal);
        idle_ticks += (double)(idle + waiting);
        stolen_ticks += (double)steal;
        seen++;
    }
    free(text);
    if (seen < CPU_COUNT(set))
        return (struct cpu_busy){NAN, NAN, NAN};
    return (struct cpu_busy){busy_ticks * tick, now * seen - idle_ticks * tick,
                             stolen_ticks * tick};
}

bool cpu_busy_told(const cpu_set_t *set)
{
    return !isnan(cpu_busy_read(set).stolen_ns);
}

double cpu_busy_ns(const struct cpu_busy *from, const struct cpu_busy *to)
{
    double sampled = to->sampled_ns - from->sampled_ns;
    double not_idle = to->not_idle_ns - from->not_idle_ns;
    return sampled < not_idle ? sampled : not_idle;
}
