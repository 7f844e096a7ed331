#include "common/addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

static bool parse_unix(const char *path, struct addr *out, char *error, size_t error_size)
{
    struct sockaddr_un *un = (struct sockaddr_un *)&out->storage;
    size_t n = strlen(path);
    bool abstract = path[0] == '@';

    if (n == 0 || (abstract && n == 1)) {
        snprintf(error, error_size, "no path after 'unix:'");
        return false;
    }
    if (n >= sizeof un->sun_path) {
        snprintf(error, error_size, "path of %zu bytes, a Unix-domain socket takes at most %zu",
                 n, sizeof un->sun_path - 1);
        return false;
    }
    un->sun_family = AF_UNIX;
    memcpy(un->sun_path, path, n + 1);
    out->len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n + 1);
    if (abstract) {
        /* An abstract name starts with a NUL byte and is as long as the length says: it has no
         * terminator. */
        un->sun_path[0] = '\0';
        out->len--;
    }
    return true;
}

static bool parse_port(const char *text, char *error, size_t error_size)
{
    char *end;
    unsigned long port = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || port > 65535) {
        snprintf(error, error_size, "'%s' is not a port (0 to 65535)", text);
        return false;
    }
    return true;
}

bool addr_equal(const struct addr *a, const struct addr *b)
{
    return a->len == b->len && memcmp(&a->storage, &b->storage, a->len) == 0;
}

/* The same address may come twice: from a line for each family in /etc/hosts, for one. */
static bool is_among(const struct addr *a, const struct addr *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (addr_equal(&list[i], a))
            return true;
    return false;
}

static size_t resolve(const char *host, const char *port, int flags, struct addr *out,
                      size_t max, char *error, size_t error_size)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV | flags};
    struct addrinfo *list;
    int rc = getaddrinfo(host, port, &hints, &list);
    if (rc != 0) {
        snprintf(error, error_size, "cannot resolve '%s': %s", host,
                 rc == EAI_SYSTEM ? strerror(errno) : gai_strerror(rc));
        return 0;
    }
    size_t count = 0;
    for (struct addrinfo *a = list; a && count < max; a = a->ai_next) {
        memset(&out[count], 0, sizeof out[count]);
        memcpy(&out[count].storage, a->ai_addr, a->ai_addrlen);
        out[count].len = a->ai_addrlen;
        count += !is_among(&out[count], out, count);
    }
    freeaddrinfo(list);
    return count;
}

size_t addr_resolve(const char *text, struct addr *out, size_t max, char *error,
                    size_t error_size)
{
    memset(out, 0, sizeof *out);
    if (strncmp(text, "unix:", 5) == 0)
        return parse_unix(text + 5, out, error, error_size);

    char host[256];
    const char *colon = strrchr(text, ':');
    const char *start = text;
    size_t n = colon ? (size_t)(colon - text) : 0;
    int flags = 0;

    if (colon && text[0] == '[') {
        if (n < 3 || colon[-1] != ']') {
            snprintf(error, error_size, "'%s' is not [IPV6-ADDRESS]:PORT", text);
            return 0;
        }
        start = text + 1;
        n -= 2;
        flags = AI_NUMERICHOST;
    } else if (!colon || n == 0 || memchr(text, ':', n)) {
        snprintf(error, error_size,
                 "'%s' is not HOST:PORT, [IPV6-ADDRESS]:PORT, unix:PATH or unix:@NAME", text);
        return 0;
    }
    if (n >= sizeof host) {
        snprintf(error, error_size, "host name of %zu characters", n);
        return 0;
    }
    memcpy(host, start, n);
    host[n] = '\0';
    if (!parse_port(colon + 1, error, error_size))
        return 0;
    return resolve(host, colon + 1, flags, out, max, error, error_size);
}

bool addr_parse(const char *text, struct addr *out, char *error, size_t error_size)
{
    return addr_resolve(text, out, 1, error, error_size) == 1;
}

char *addr_format(const struct addr *a, char text[ADDR_TEXT_MAX])
{
    char host[128];

    switch (addr_family(a)) {
    case AF_INET: {
        const struct sockaddr_in *in = (const struct sockaddr_in *)&a->storage;
        inet_ntop(AF_INET, &in->sin_addr, host, sizeof host);
        snprintf(text, ADDR_TEXT_MAX, "%s:%u", host, (unsigned)ntohs(in->sin_port));
        break;
    }
    case AF_INET6: {
        /* getnameinfo, as it writes the scope of a link-local address too. */
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&a->storage;
        if (getnameinfo(addr_sockaddr(a), a->len, host, sizeof host, NULL, 0, NI_NUMERICHOST) !=
            0)
            inet_ntop(AF_INET6, &in6->sin6_addr, host, INET6_ADDRSTRLEN);
        snprintf(text, ADDR_TEXT_MAX, "[%s]:%u", host, (unsigned)ntohs(in6->sin6_port));
        break;
    }
    case AF_UNIX: {
        const struct sockaddr_un *un = (const struct sockaddr_un *)&a->storage;
        size_t offset = offsetof(struct sockaddr_un, sun_path);
        size_t n = a->len > offset ? a->len - offset : 0;
        if (n == 0)
            snprintf(text, ADDR_TEXT_MAX, "unix:");
        else if (un->sun_path[0] == '\0')
            snprintf(text, ADDR_TEXT_MAX, "unix:@%.*s", (int)(n - 1), un->sun_path + 1);
        else
            snprintf(text, ADDR_TEXT_MAX, "unix:%.*s", (int)strnlen(un->sun_path, n),
                     un->sun_path);
        break;
    }
    default:
        snprintf(text, ADDR_TEXT_MAX, "address family %d", addr_family(a));
    }
    return text;
}

char *addr_without_zone(const char *authority, char *host)
{
    const char *end = authority[0] == '[' ? strchr(authority, ']') : NULL;
    const char *zone = end ? memchr(authority, '%', (size_t)(end - authority)) : NULL;

    if (zone)
        sprintf(host, "%.*s%s", (int)(zone - authority), authority, end);
    else
        strcpy(host, authority);
    return host;
}

static in_port_t *port_of(struct addr *a)
{
    switch (addr_family(a)) {
    case AF_INET:
        return &((struct sockaddr_in *)&a->storage)->sin_port;
    case AF_INET6:
        return &((struct sockaddr_in6 *)&a->storage)->sin6_port;
    default:
        return NULL;
    }
}

unsigned addr_port(const struct addr *a)
{
    struct addr copy = *a;
    in_port_t *port = port_of(&copy);
    return port ? ntohs(*port) : 0;
}

void addr_set_port(struct addr *a, unsigned port)
{
    in_port_t *p = port_of(a);
    if (p)
        *p = htons((in_port_t)port);
}

bool addr_local(int fd, struct addr *out)
{
    memset(out, 0, sizeof *out);
    out->len = sizeof out->storage;
    return getsockname(fd, (struct sockaddr *)&out->storage, &out->len) == 0;
}
