/* The URL of a target: which protocol, where to connect, what to ask for.
 *
 *     http://HOST[:PORT][/PATH][?QUERY]   HOST: a name, IPv4 or [IPv6]; port 80 by default
 *     echo://HOST:PORT                    the port must be said
 *     http+unix:///SOCKET[:/PATH]         SOCKET ends at the first ":/"
 *     http+unix://@NAME[:/PATH]           Linux's abstract name space
 *     echo+unix:///SOCKET
 *     echo+unix://@NAME */
#ifndef IOM_URL_H
#define IOM_URL_H

#include <stdbool.h>
#include <stddef.h>

#include "common/addr.h"

#define URL_TEXT_MAX 2048

enum url_protocol { URL_HTTP, URL_ECHO };

struct url {
    enum url_protocol protocol;
    struct addr addr;
    char host[300]; /* what the Host field says; "localhost" for a Unix-domain socket */
    char target[URL_TEXT_MAX]; /* path and query, begins with '/'; empty for echo */
};

/* Read `text` into `*out`; a host name is resolved. Returns true, or false with one line in
 * `error` that names what is wrong. */
bool url_parse(const char *text, struct url *out, char *error, size_t error_size);

/* "http" or "echo". */
const char *url_protocol_name(enum url_protocol protocol);

#endif
