#include "loadgen/load/live.h"

#include <stdio.h>

#include "common/clock.h"
#include "common/terminal.h"

void live_init(struct live *live, bool quiet)
{
    *live = (struct live){0};
    live->on = !quiet && terminal_rewrites();
    live->next = live->on ? clock_ns() + LIVE_REWRITE_NS : CLOCK_NEVER;
}

void live_show(struct live *live, uint64_t now, const struct live_sum *sum, const char *phase,
               uint64_t elapsed, uint64_t total)
{
    if (now < live->next)
        return;
    double seconds = (double)(now - live->last_at) / 1e9;
    double rate = live->written ? (double)(sum->ok - live->last_ok) / seconds : 0;
    fprintf(stderr, "\r\033[K%s %.1fs", phase, (double)elapsed / 1e9);
    if (total != CLOCK_NEVER)
        fprintf(stderr, " of %.1fs", (double)total / 1e9);
    fprintf(stderr, "  %.0f requests/s  %llu ok  %llu failed  %llu in flight", rate,
            (unsigned long long)sum->ok, (unsigned long long)sum->failed,
            (unsigned long long)sum->in_flight);
    fflush(stderr);
    live->last_at = now;
    live->last_ok = sum->ok;
    live->written = true;
    live->next = now + LIVE_REWRITE_NS;
}

void live_end(struct live *live)
{
    if (live->written)
        fputs("\r\033[K", stderr);
    live->on = live->written = false;
}
