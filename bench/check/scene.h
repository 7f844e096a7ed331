/* What the steps of one case share: the server, the clients, and why the case failed. */
#ifndef IOM_CHECK_SCENE_H
#define IOM_CHECK_SCENE_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/check/case.h"
#include "bench/check/client.h"
#include "bench/check/site.h"

struct scene {
    const struct check_case *c;
    uint64_t idle_ns; /* of silence, then the server promises to close; 0: unsaid */
    struct site site;
    struct clients clients;
    bool terminated; /* SIGTERM was sent */
    bool calm_known; /* whether the server uses CPU with nothing to do */
    bool polls;      /* it does, and so may go on with that */
    bool late;       /* it failed since this machine is slow: nothing is said of the server */
    bool early;      /* cut before the timeout, but after half of it: to be tried again */
    unsigned status; /* of the last whole answer of HTTP */
    char reason[600];
};

enum move_result { MOVE_OK, MOVE_FAILED, MOVE_INTERRUPTED };

/* Take the step; "repeat" and "done" are none. On MOVE_FAILED the scene has the reason. */
enum move_result move_make(struct scene *s, const struct step *step);

/* MOVE_FAILED, with the reason. */
enum move_result scene_fail(struct scene *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A wait of `who` that ended so, while `what` was expected. */
enum move_result scene_wait_failed(struct scene *s, enum client_result result, const char *who,
                                   const char *what);

#endif
