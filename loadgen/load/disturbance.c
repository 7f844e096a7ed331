#include "loadgen/load/disturbance.h"

#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"

static void read_stolen(struct stolen_reading *out)
{
    FILE *file = fopen("/proc/stat", "re");
    char *line = NULL;
    size_t size = 0;
    cpu_set_t set;

    *out = (struct stolen_reading){0};
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        out->cpus = (uint32_t)CPU_COUNT(&set);
    while (file && getline(&line, &size, file) > 0) {
        uint64_t t[8];
        unsigned cpu;
        if (sscanf(line,
                   "cpu%u %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
                   " %" SCNu64 " %" SCNu64,
                   &cpu, &t[0], &t[1], &t[2], &t[3], &t[4], &t[5], &t[6], &t[7]) != 9 ||
            cpu >= CPU_SETSIZE || out->cpus == 0 || !CPU_ISSET(cpu, &set))
            continue;
        out->seen++;
        out->stolen += t[7];
        for (unsigned i = 0; i < 8; i++)
            out->all += t[i];
    }
    free(line);
    if (file)
        fclose(file);
}

void disturbance_begin(struct disturbance *d)
{
    *d = (struct disturbance){.woke_at = clock_ns()};
    cgroup_read(&d->groups_before);
    read_stolen(&d->stolen_before);
}

static void read_after(struct disturbance *d)
{
    cgroup_read(&d->groups_after);
    read_stolen(&d->stolen_after);
}

static void note_gap(struct disturbance *d, uint64_t from, uint64_t to)
{
    struct gap *shortest = &d->gaps[0];

    if (d->gap_count < DISTURBANCE_GAPS) {
        d->gaps[d->gap_count++] = (struct gap){from, to};
        return;
    }
    for (uint32_t i = 1; i < DISTURBANCE_GAPS; i++)
        if (d->gaps[i].to - d->gaps[i].from < shortest->to - shortest->from)
            shortest = &d->gaps[i];
    if (to - from > shortest->to - shortest->from)
        *shortest = (struct gap){from, to};
}

void disturbance_slept(struct disturbance *d, int wanted_ms, uint64_t now, bool open,
                       bool closed)
{
    uint64_t due =
        wanted_ms < 0 ? CLOCK_NEVER : clock_after(d->woke_at, (uint64_t)wanted_ms * NS_PER_MS);

    if (now > clock_after(due, DISTURBANCE_LATE_NS))
        note_gap(d, due, now);
    d->woke_at = now;
    if (open && !closed && !d->seen_open) {
        d->seen_open = true;
        cgroup_read(&d->groups_before);
        read_stolen(&d->stolen_before);
    }
    if (closed && !d->seen_closed) {
        d->seen_closed = true;
        read_after(d);
    }
}

void disturbance_held_up(struct disturbance *d, uint64_t ns)
{
    d->woke_at += ns;
}

void disturbance_end(struct disturbance *d)
{
    if (!d->seen_closed)
        read_after(d);
}

uint64_t disturbance_still_ns(const struct disturbance *d, uint64_t from, uint64_t to)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < d->gap_count; i++) {
        uint64_t begin = d->gaps[i].from > from ? d->gaps[i].from : from;
        uint64_t end = d->gaps[i].to < to ? d->gaps[i].to : to;
        sum += end > begin ? end - begin : 0;
    }
    return sum;
}

double disturbance_stolen(const struct disturbance *d)
{
    const struct stolen_reading *a = &d->stolen_before, *b = &d->stolen_after;

    if (b->seen == 0 || b->seen != a->seen || b->all <= a->all || b->stolen < a->stolen)
        return 0;
    /* One tick a CPU is chance, and two may be. */
    if (b->stolen - a->stolen <= 2 * (uint64_t)b->seen)
        return 0;
    return (double)(b->stolen - a->stolen) / (double)(b->all - a->all);
}
