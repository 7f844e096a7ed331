#include "loadgen/engine/coalesce.h"

#include "common/err.h"

void coalesce_init(struct coalesce *c, bool allowed)
{
    *c = (struct coalesce){.allowed = allowed, .most = COALESCE_MAX};
}

static void decide(struct coalesce *c, double busy)
{
    if (!c->on) {
        c->on = busy >= COALESCE_ON;
        c->most = COALESCE_MAX;
    } else if (busy < COALESCE_OFF) {
        c->on = false;
    } else if (c->most < COALESCE_MAX) {
        c->most += c->most / 8 + 1;
        if (c->most > COALESCE_MAX)
            c->most = COALESCE_MAX;
    }
}

void coalesce_slice(struct coalesce *c, uint64_t wall_ns, uint64_t cpu_ns)
{
    uint64_t wall = wall_ns - c->wall_begin;
    uint64_t cpu = cpu_ns - c->cpu_begin;

    if (c->on) {
        c->on_ns += wall;
        c->slept_ns += wall > cpu ? wall - cpu : 0;
    }
    if (c->slice_end > 0 && wall_ns >= c->slice_end)
        decide(c, (double)cpu / (double)wall);
    c->wall_begin = wall_ns;
    c->cpu_begin = cpu_ns;
    c->slice_end = wall_ns + COALESCE_SLICE_NS;
}

void coalesce_account(struct coalesce *c, uint64_t now)
{
    struct timespec cpu;

    if (!c->allowed)
        return;
    if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu) < 0)
        die_errno("cannot read the thread's CPU time");
    coalesce_slice(c, now, timespec_ns(cpu));
}

void coalesce_fell_short(struct coalesce *c, uint32_t got)
{
    c->most = got > 2 ? got / 2 : 1;
}
