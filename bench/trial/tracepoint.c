#include "bench/trial/tracepoint.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/base/text.h"
#include "common/parse.h"

bool tracepoint_id(const char *event, uint64_t *id)
{
    static const char *const roots[] = {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"};
    bool refused = false;
    for (size_t i = 0; i < sizeof roots / sizeof roots[0]; i++) {
        char path[160];
        snprintf(path, sizeof path, "%s/events/%s/id", roots[i], event);
        char *text = text_first_line(path);
        refused |= !text && (errno == EACCES || errno == EPERM);
        bool good = text && parse_u64(text, 0, UINT32_MAX, id);
        free(text);
        if (good)
            return true;
    }
    errno = refused ? EACCES : ENOENT;
    return false;
}

double counter_read(int fd)
{
    uint64_t count;
    return fd >= 0 && read(fd, &count, sizeof count) == sizeof count ? (double)count : NAN;
}
