#include "loadgen/load/moments.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/err.h"

void moments_tell(const struct moments *m, const char *line)
{
    if (m->events_fd >= 0 && write(m->events_fd, line, strlen(line)) < 0)
        warn("cannot write to --events-fd %d: %s", m->events_fd, strerror(errno));
}

void moments_opened(struct moments *m)
{
    if (atomic_fetch_add(&m->opened, 1) == 0)
        moments_tell(m, "start\n");
}

void moments_closed(struct moments *m)
{
    if (atomic_fetch_add(&m->closed, 1) + 1 == m->threads)
        moments_tell(m, "end\n");
}
