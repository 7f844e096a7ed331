#include "common/url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/err.h"
#include "common/http_chars.h"
#include "common/parse.h"

static const struct scheme {
    const char *prefix;
    enum url_protocol protocol;
    bool is_unix;
} schemes[] = {
    {"http://", URL_HTTP, false},
    {"echo://", URL_ECHO, false},
    {"http+unix://", URL_HTTP, true},
    {"echo+unix://", URL_ECHO, true},
};

const char *url_protocol_name(enum url_protocol protocol)
{
    return protocol == URL_HTTP ? "http" : "echo";
}

static const struct scheme *find_scheme(const char *text, char *error, size_t error_size)
{
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
        if (strncasecmp(text, schemes[i].prefix, strlen(schemes[i].prefix)) == 0)
            return &schemes[i];
    if (strncasecmp(text, "https:", 6) == 0)
        snprintf(error, error_size, "'%s': no TLS here, only http://", text);
    else
        snprintf(error, error_size,
                 "'%s' does not begin with http://, echo://, http+unix:// or echo+unix://",
                 text);
    return NULL;
}

/* Path and query go onto the wire as they are, so they must be what may stand there. A fragment
 * is for the client and is never sent (RFC 9110, section 7.1). */
bool url_set_target(struct url *out, const char *path, char *error, size_t error_size)
{
    size_t n = strcspn(path, "#");
    size_t slash = path[0] != '/';

    size_t good = http_target_length(path);

    if (good < n) {
        snprintf(error, error_size,
                 "a path cannot have character 0x%02x: percent-encode it (RFC 3986)",
                 (unsigned)(unsigned char)path[good]);
        return false;
    }
    out->target[0] = '/';
    memcpy(out->target + slash, path, n);
    out->target[slash + n] = '\0';
    return true;
}

static bool no_target(const char *path, char *error, size_t error_size)
{
    if (*path == '\0' || strcmp(path, "/") == 0)
        return true;
    snprintf(error, error_size, "an echo URL has no path: '%s'", path);
    return false;
}

static bool resolve(struct url *out, const char *text, char *error, size_t error_size)
{
    out->addr_count = addr_resolve(text, out->addrs, ADDRESSES_MAX, error, error_size);
    out->addr = out->addrs[0];
    return out->addr_count > 0;
}

static bool parse_unix(const char *rest, struct url *out, char *error, size_t error_size)
{
    char text[URL_TEXT_MAX + 8];
    const char *path = strstr(rest, ":/");
    int n = path ? (int)(path - rest) : (int)strlen(rest);

    if (rest[0] != '/' && rest[0] != '@') {
        snprintf(error, error_size, "a Unix-domain socket is ///PATH or //@NAME, not '//%s'",
                 rest);
        return false;
    }
    snprintf(text, sizeof text, "unix:%.*s", n, rest);
    strcpy(out->host, "localhost");
    if (!resolve(out, text, error, error_size))
        return false;
    if (out->protocol == URL_ECHO)
        return no_target(path ? path : "", error, error_size);
    return url_set_target(out, path ? path + 1 : "/", error, error_size);
}

/* [IPV6%25ZONE] becomes [IPV6%ZONE], the zone percent-decoded, as addr_resolve() takes it. A zone
 * that is the number 25 stays. */
static void decode_zone(char *authority)
{
    char *end = authority[0] == '[' ? strchr(authority, ']') : NULL;
    char *from = end ? memchr(authority, '%', (size_t)(end - authority)) : NULL;

    if (!from || strncmp(from, "%25", 3) != 0 || from + 3 == end)
        return;
    char *to = from + 1;
    for (from += 3; *from; to++) {
        int high = from < end && *from == '%' ? http_hex((uint8_t)from[1]) : -1;
        int low = high >= 0 ? http_hex((uint8_t)from[2]) : -1;
        if (low >= 0) {
            *to = (char)(high << 4 | low);
            from += 3;
        } else {
            *to = *from++;
        }
    }
    *to = '\0';
}

/* HOST[:PORT] is made into the HOST:PORT that addr_resolve() takes. */
static bool parse_authority(struct url *out, char *authority, char *error, size_t error_size)
{
    char text[sizeof out->host + 8];
    decode_zone(authority);
    const char *bracket = strrchr(authority, ']');
    const char *colon = strrchr(bracket ? bracket : authority, ':');
    uint64_t port;

    if (strchr(authority, '@')) {
        snprintf(error, error_size, "user names in a URL are not supported: '%s'", authority);
        return false;
    }
    if (authority[0] == '\0' || colon == authority) {
        snprintf(error, error_size, "no host in the URL");
        return false;
    }
    if (!colon && out->protocol == URL_ECHO) {
        snprintf(error, error_size, "an echo URL needs a port: echo://%s:PORT", authority);
        return false;
    }
    if (colon && !parse_u64(colon + 1, 1, 65535, &port)) {
        snprintf(error, error_size, "'%s' is not a port (1 to 65535)", colon + 1);
        return false;
    }
    addr_without_zone(authority, out->host);
    snprintf(text, sizeof text, "%s%s", authority, colon ? "" : ":80");
    if (!resolve(out, text, error, error_size))
        return false;
    if (authority[0] == '[' && addr_family(&out->addr) != AF_INET6) {
        snprintf(error, error_size, "'%s': only an IPv6 address stands in brackets", authority);
        return false;
    }
    return true;
}

bool url_parse(const char *text, struct url *out, char *error, size_t error_size)
{
    memset(out, 0, sizeof *out);
    const struct scheme *scheme = find_scheme(text, error, error_size);
    if (!scheme)
        return false;
    if (strlen(text) > URL_TEXT_MAX - 2) {
        snprintf(error, error_size, "a URL of %zu characters, at most %d are taken",
                 strlen(text), URL_TEXT_MAX - 2);
        return false;
    }

    out->protocol = scheme->protocol;
    const char *rest = text + strlen(scheme->prefix);
    if (scheme->is_unix)
        return parse_unix(rest, out, error, error_size);

    char authority[sizeof out->host];
    size_t n = strcspn(rest, "/?#");
    if (n >= sizeof authority) {
        snprintf(error, error_size, "a host of %zu characters", n);
        return false;
    }
    memcpy(authority, rest, n);
    authority[n] = '\0';
    if (!parse_authority(out, authority, error, error_size))
        return false;
    if (out->protocol == URL_ECHO)
        return no_target(rest + n, error, error_size);
    return url_set_target(out, rest + n, error, error_size);
}

bool url_keep_common(struct url *url, const struct url *other)
{
    size_t kept = 0;

    for (size_t i = 0; i < url->addr_count; i++) {
        for (size_t k = 0; k < other->addr_count; k++) {
            if (addr_equal(&url->addrs[i], &other->addrs[k])) {
                url->addrs[kept++] = url->addrs[i];
                break;
            }
        }
    }
    url->addr_count = kept;
    url->addr = url->addrs[0];
    return kept > 0;
}

bool url_parse_single(const char *text, struct weighted_url *out, char *error,
                      size_t error_size)
{
    out->weight = 1;
    out->text = xstrdup(text);
    if (url_parse(out->text, &out->url, error, error_size))
        return true;
    free(out->text);
    return false;
}

bool url_parse_weighted(const char *text, struct weighted_url *out, char *error,
                        size_t error_size)
{
    static const char before_name[] = "unix://";
    const char *at = strrchr(text, '@');
    size_t n = sizeof before_name - 1;
    bool name = at && at >= text + n && memcmp(at - n, before_name, n) == 0;
    bool weighted =
        at && !name && at[1] != '\0' && strspn(at + 1, "0123456789") == strlen(at + 1);
    uint64_t weight = 1;

    if (weighted && !parse_u64(at + 1, 1, URL_WEIGHT_MAX, &weight)) {
        snprintf(error, error_size, "'%s' is not a weight from 1 to %d", at + 1,
                 URL_WEIGHT_MAX);
        return false;
    }
    char *without = xstrdup(text);
    if (weighted)
        without[at - text] = '\0';
    bool good = url_parse_single(without, out, error, error_size);
    out->weight = (uint32_t)weight;
    free(without);
    return good;
}
