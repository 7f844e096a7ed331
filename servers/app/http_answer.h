/* The head of an HTTP answer, as text. */
#ifndef IOM_HTTP_ANSWER_H
#define IOM_HTTP_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* No head that answer_head() writes is longer. */
#define ANSWER_HEAD_MAX 512

/* The longest media type of an upload that is given back; of a longer one nothing is kept. */
#define ANSWER_TYPE_MAX 128

enum answer_connection {
    ANSWER_DEFAULT,    /* say nothing: HTTP/1.1 stays open */
    ANSWER_KEEP_ALIVE, /* an HTTP/1.0 client asked for it and must be told (RFC 9112, 9.3) */
    ANSWER_CLOSE,
};

struct answer {
    int status;
    const char *type;  /* media type, NULL for none */
    const char *allow; /* the methods of the resource, NULL for no Allow field */
    uint64_t length;   /* of the body: Content-Length */
    enum answer_connection connection;
};

/* Write status line, fields and empty line to `at`, which has room for ANSWER_HEAD_MAX bytes;
 * returns how many were written. Every answer carries a Date (RFC 9110, section 6.6.1). */
size_t answer_head(uint8_t *at, const struct answer *a);

/* "Not Found" for 404. */
const char *answer_reason(int status);

#endif
