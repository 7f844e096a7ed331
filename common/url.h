/* The URL of a target: which protocol, where to connect, what to ask for.
 *
 *     http://HOST[:PORT][/PATH][?QUERY]   HOST: a name, IPv4 or [IPv6]; port 80 by default. The
 *                                         zone of a link-local address follows %25 (RFC 6874) or,
 *                                         as people write it, a bare %
 *     echo://HOST:PORT                    the port must be said
 *     http+unix:///SOCKET[:/PATH]         SOCKET ends at the first ":/"
 *     http+unix://@NAME[:/PATH]           Linux's abstract name space
 *     echo+unix:///SOCKET
 *     echo+unix://@NAME
 *
 * and behind any of them, where several are given, "@WEIGHT". Of several URLs the digits behind the
 * last '@' are the weight; a URL that stands alone has none, and is asked for as it is written. */
#ifndef IOM_URL_H
#define IOM_URL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"

#define URL_TEXT_MAX 2048

enum url_protocol { URL_HTTP, URL_ECHO };

struct url {
    enum url_protocol protocol;
    struct addr addr; /* the address to connect to: the first, or url_reach()'s */
    struct addr addrs[ADDRESSES_MAX]; /* all that the host has, in the resolver's order */
    size_t addr_count;
    char host
        [300]; /* what the Host field says: without a zone; "localhost" for a Unix-domain socket */
    char target[URL_TEXT_MAX]; /* path and query, begins with '/'; empty for echo */
};

/* Read `text` into `*out`; a host name is resolved. Returns true, or false with one line in
 * `error` that names what is wrong. */
bool url_parse(const char *text, struct url *out, char *error, size_t error_size);

/* Set path and query of an HTTP URL from `path`, which begins with '/' or '?' or is empty. Returns
 * as url_parse() does. */
bool url_set_target(struct url *out, const char *path, char *error, size_t error_size);

/* Take from `url` the addresses that `other` has not. Returns false where none is left. */
bool url_keep_common(struct url *url, const struct url *other);

/* One of several URLs, asked for as often as its weight says. */
struct weighted_url {
    char *text; /* without the weight */
    struct url url;
    uint32_t weight;
};

#define URL_WEIGHT_MAX 1000000

/* Read "URL[@WEIGHT]" into `*out`; the weight is 1 where none is said. Digits behind the last
 * '@' are a weight, unless that is the '@' of "unix://@NAME": where a path ends so, write a weight
 * behind it.
 * Free `out->text`. Returns as url_parse(). */
bool url_parse_weighted(const char *text, struct weighted_url *out, char *error,
                        size_t error_size);

/* Read a URL that is the only one into `*out`, with weight 1: an '@' in it is its own. */
bool url_parse_single(const char *text, struct weighted_url *out, char *error,
                      size_t error_size);

/* "http" or "echo". */
const char *url_protocol_name(enum url_protocol protocol);

#endif
