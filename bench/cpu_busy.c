#include "cpu_busy.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/text.h"

double cpu_busy_ns(const cpu_set_t *set)
{
    char *text = text_read_file("/proc/stat");
    char *rest = text;
    char *line;
    double ticks = 0;
    int seen = 0;

    while (rest && (line = strsep(&rest, "\n")) && strncmp(line, "cpu", 3) == 0) {
        size_t cpu;
        unsigned long long user, nice, system, irq, softirq, steal;
        if (sscanf(line, "cpu%zu %llu %llu %llu %*u %*u %llu %llu %llu", &cpu, &user, &nice,
                   &system, &irq, &softirq, &steal) != 7 ||
            cpu >= CPU_SETSIZE || !CPU_ISSET(cpu, set))
            continue;
        ticks += (double)(user + nice + system + irq + softirq + steal);
        seen++;
    }
    free(text);
    return seen ? ticks * 1e9 / (double)sysconf(_SC_CLK_TCK) : NAN;
}
