/* What the HTTP service serves, and which request means which resource. */
#ifndef IOM_HTTP_RESOURCE_H
#define IOM_HTTP_RESOURCE_H

#include <stdint.h>

#include "common/http_request.h"
#include "servers/app/app.h"
#include "servers/files.h"

enum resource_kind {
    RESOURCE_TEXT,  /* GET /          a short fixed text */
    RESOURCE_BYTES, /* GET /bytes/N   N bytes of a pattern */
    RESOURCE_CPU,   /* GET /cpu/US    the text, after US microseconds of CPU */
    RESOURCE_WAIT,  /* GET /wait/MS   the text, after MS milliseconds without CPU */
    RESOURCE_ECHO,  /* POST /echo     the request's body */
    RESOURCE_CRASH, /* GET /crash     no answer: the process ends; with --allow-crash alone */
    RESOURCE_FILE,  /* GET of a file below --root */
    RESOURCE_NONE,  /* OPTIONS: nothing but the head */
    RESOURCE_ERROR, /* `status` tells why */
};

/* The largest arguments; a larger one is refused with 400. */
#define RESOURCE_BYTES_MAX (UINT64_C(1) << 30)
#define RESOURCE_CPU_MAX   UINT64_C(10000000)
#define RESOURCE_WAIT_MAX  UINT64_C(60000)

struct resource {
    enum resource_kind kind;
    int status;
    uint64_t argument;       /* N, US or MS */
    uint64_t target;         /* RESOURCE_WAIT: target_digest() */
    const struct file *file; /* RESOURCE_FILE */
    const char *allow;       /* with 405 and OPTIONS */
};

/* `head` is the first byte of the request that `r` describes. */
struct resource resource_find(const struct http_request *r, const uint8_t *head,
                              const struct app_options *options);

/* The text of RESOURCE_TEXT, RESOURCE_CPU and RESOURCE_WAIT. */
extern const char resource_text[];

/* The pattern of RESOURCE_BYTES: byte i of a body is byte i % RESOURCE_PATTERN_SIZE of it. */
#define RESOURCE_PATTERN_SIZE 65536u
const uint8_t *resource_pattern(void);

#endif
