/* What every server says: a service, echo or HTTP, as functions of a session.
 *
 * The difference between the models is who drives a session (session.h) and how. The service is
 * this object code in each of them: no file of servers/app/ knows a model or a descriptor (a test
 * sees to that). */
#ifndef IOM_APP_H
#define IOM_APP_H

#include "servers/app/session.h"

struct files;
struct service;

struct app_options {
    const struct files *files; /* served besides the fixed resources; NULL for none */
    size_t max_body;           /* the largest request body in bytes; larger ones are refused */
    uint64_t idle_timeout;     /* ns; CLOCK_NEVER for none */
    bool allow_crash;          /* a request may end the process: crash.h */
    struct service *service;   /* where requests in service are counted */
};

/* One service. Its functions are called by session.c. */
struct app {
    const char *name;
    size_t session_size;
    void (*open)(struct session *s);
    void (*close)(struct session *s);
    enum session_want (*next)(struct session *s, uint64_t now);
    const uint8_t *(*output)(const struct session *s, size_t *length);
    void (*sent)(struct session *s, size_t n);
    bool (*idle)(const struct session *s);

    /* The idle timeout has run out while the session wanted input. True if it has a last word to
     * say, false if the connection is simply to be closed. NULL for the latter. */
    bool (*timed_out)(struct session *s);
};

extern const struct app app_echo, app_http;

/* "echo" or "http"; NULL for any other name. */
const struct app *app_find(const char *name);

#endif
