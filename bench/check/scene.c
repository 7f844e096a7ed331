#include "bench/check/scene.h"

#include <stdarg.h>
#include <stdio.h>

enum move_result scene_fail(struct scene *s, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(s->reason, sizeof s->reason, format, args);
    va_end(args);
    return MOVE_FAILED;
}

enum move_result scene_wait_failed(struct scene *s, enum client_result result, const char *who,
                                   const char *what)
{
    switch (result) {
    case CLIENT_OK:
        return MOVE_OK;
    case CLIENT_INTERRUPTED:
        return MOVE_INTERRUPTED;
    case CLIENT_LATE:
        return scene_fail(s, "%s: %.3g s passed without %s", who,
                          (double)s->clients.patience / 1e9, what);
    case CLIENT_BROKEN:
        return scene_fail(s, "%s: the connection is refused or broken, instead of %s", who,
                          what);
    case CLIENT_DIED:
        break;
    }
    return scene_fail(s, "%s: the server has ended, instead of %s", who, what);
}
