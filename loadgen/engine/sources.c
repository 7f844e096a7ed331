#include "loadgen/engine/sources.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/err.h"

/* TIME_WAIT is 60 s in Linux (TCP_TIMEWAIT_LEN). */
#define REUSE_NS (61 * NS_PER_S)

/* Addresses tried for one connection: another program may have used up some. */
#define AUTOMATIC_TRIES 16

#define FIRST_LOOPBACK UINT32_C(0x7f000001)

static struct source *add(struct sources *sources, const struct addr *addr)
{
    struct source *s = &sources->list[sources->count++];
    s->addr = *addr;
    return s;
}

static void allocate(struct sources *sources, bool automatic)
{
    *sources = (struct sources){.automatic = automatic};
    /* All at once: other threads read the list while it grows. Memory that is not touched costs
     * nothing. */
    sources->list = xcalloc(SOURCES_MAX, sizeof *sources->list);
    pthread_mutex_init(&sources->lock, NULL);
}

void sources_free(struct sources *sources)
{
    if (sources->list)
        pthread_mutex_destroy(&sources->lock);
    free(sources->list);
}

/* The last four bytes of an address, which ranges count in: all of an IPv4 address. */
static void *last_bytes(struct addr *addr)
{
    if (addr_family(addr) == AF_INET)
        return &((struct sockaddr_in *)&addr->storage)->sin_addr;
    return &((struct sockaddr_in6 *)&addr->storage)->sin6_addr.s6_addr[12];
}

static uint32_t last_word(struct addr *addr)
{
    uint32_t word;
    memcpy(&word, last_bytes(addr), sizeof word);
    return ntohl(word);
}

static void set_last_word(struct addr *addr, uint32_t value)
{
    uint32_t word = htonl(value);
    memcpy(last_bytes(addr), &word, sizeof word);
}

static bool read_address(const char *text, int family, struct addr *out)
{
    memset(out, 0, sizeof *out);
    out->storage.ss_family = (sa_family_t)family;
    if (family == AF_INET) {
        out->len = sizeof(struct sockaddr_in);
        return inet_pton(family, text, &((struct sockaddr_in *)&out->storage)->sin_addr) == 1;
    }
    out->len = sizeof(struct sockaddr_in6);
    return inet_pton(family, text, &((struct sockaddr_in6 *)&out->storage)->sin6_addr) == 1;
}

/* One part between commas. */
static bool read_part(struct sources *sources, char *part, int family, char *error,
                      size_t error_size)
{
    struct addr first, last, same;
    char *dash = strchr(part, '-');

    if (dash)
        *dash = '\0';
    if (!read_address(part, family, &first) ||
        !read_address(dash ? dash + 1 : part, family, &last)) {
        snprintf(error, error_size, "'%s%s%s' is not an %s address or a range of them", part,
                 dash ? "-" : "", dash ? dash + 1 : "", family == AF_INET ? "IPv4" : "IPv6");
        return false;
    }
    uint32_t from = last_word(&first);
    uint32_t to = last_word(&last);
    same = last;
    set_last_word(&same, from);
    if (from > to || memcmp(&same, &first, sizeof same) != 0) {
        snprintf(error, error_size, "the range '%s-%s' has no addresses", part, dash + 1);
        return false;
    }
    if (to - from >= SOURCES_MAX - sources->count) {
        snprintf(error, error_size, "more than %d addresses", SOURCES_MAX);
        return false;
    }
    for (uint32_t i = 0; i <= to - from; i++) {
        set_last_word(&first, from + i);
        add(sources, &first);
    }
    return true;
}

/* An address that is not this machine's would look as if its ports were used up. */
static void check_local(const struct source *s)
{
    char text[SOURCE_TEXT_MAX];
    int one = 1;
    int fd = socket(addr_family(&s->addr), SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one) < 0 ||
        bind(fd, addr_sockaddr(&s->addr), s->addr.len) < 0)
        die_errno("--source: cannot connect from %s", source_format(s, text));
    close(fd);
}

static void read_list(struct sources *sources, const char *text, int family)
{
    char error[256];
    char *copy = xstrdup(text);
    char *rest = copy;

    if (family != AF_INET && family != AF_INET6)
        die_usage("--source: a Unix-domain socket has no source address");
    allocate(sources, false);
    for (char *part; (part = strsep(&rest, ","));)
        if (!read_part(sources, part, family, error, sizeof error))
            die_usage("--source: %s", error);
    for (uint32_t i = 0; i < sources->count; i++)
        check_local(&sources->list[i]);
    free(copy);
}

/* Half the range of ports that connect() chooses from (ip(7)). */
static uint32_t budget(void)
{
    unsigned low = 32768, high = 60999;
    FILE *file = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");

    if (file && fscanf(file, "%u %u", &low, &high) != 2)
        low = 32768, high = 60999;
    if (file)
        fclose(file);
    return high > low ? (high - low + 1) / 2 : 1;
}

static bool is_loopback(const struct addr *to)
{
    const struct sockaddr_in *in = (const struct sockaddr_in *)&to->storage;
    return in->sin_family == AF_INET && ntohl(in->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}

void sources_init(struct sources *sources, const char *list, const struct addr *to, bool many)
{
    *sources = (struct sources){0};
    if (list) {
        read_list(sources, list, addr_family(to));
    } else if (is_loopback(to)) {
        allocate(sources, true);
        sources->budget = budget();
        atomic_init(&sources->asleep, !many);
    }
}

/* Ports run short: from here on addresses are taken. The kernel chose 127.0.0.1 until now, which
 * has a rest first. */
static void wake(struct sources *sources)
{
    pthread_mutex_lock(&sources->lock);
    if (atomic_load(&sources->asleep)) {
        struct addr addr;
        read_address("127.0.0.1", AF_INET, &addr);
        struct source *s = add(sources, &addr);
        atomic_store(&s->used, true);
        s->left_at = clock_ns();
        atomic_store(&sources->asleep, false);
    }
    pthread_mutex_unlock(&sources->lock);
}

/* Is the kernel still to choose? */
static bool sleeps(struct sources *sources)
{
    if (!atomic_load_explicit(&sources->asleep, memory_order_relaxed))
        return false;
    if (atomic_fetch_add_explicit(&sources->unbound, 1, memory_order_relaxed) < sources->budget)
        return true;
    wake(sources);
    return false;
}

/* Give up the address that the cursor is at, if it has one, and take another: one that has had
 * its rest, or a new one. */
static bool take(struct sources *sources, struct source_cursor *cursor)
{
    uint64_t now = clock_ns();
    uint32_t found = 0;

    pthread_mutex_lock(&sources->lock);
    if (cursor->owns)
        sources->list[cursor->at - 1].left_at = now;
    for (uint32_t i = 0; i < sources->count && found == 0; i++) {
        uint64_t left_at = sources->list[i].left_at;
        if (left_at && now - left_at >= REUSE_NS)
            found = i + 1;
    }
    if (found == 0 && sources->count < SOURCES_MAX) {
        struct addr addr;
        read_address("127.0.0.1", AF_INET, &addr);
        set_last_word(&addr, FIRST_LOOPBACK + sources->count);
        add(sources, &addr);
        found = sources->count;
    }
    if (found > 0)
        sources->list[found - 1].left_at = 0;
    cursor->at = found;
    cursor->owns = found > 0;
    pthread_mutex_unlock(&sources->lock);
    return found > 0;
}

static bool move_on(struct sources *sources, struct source_cursor *cursor)
{
    if (!sources->automatic) {
        cursor->at = cursor->at % sources->count + 1;
        return true;
    }
    if (cursor->left == 0) {
        if (!take(sources, cursor))
            return false;
        cursor->left = sources->budget;
    }
    cursor->left--;
    return true;
}

int sources_bind(struct sources *sources, struct source_cursor *cursor, int fd)
{
    int one = 1;

    if (!sources->list || sleeps(sources))
        return 0;
    if (!move_on(sources, cursor))
        return EADDRNOTAVAIL;
    struct source *s = &sources->list[cursor->at - 1];
    if (setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one) < 0 ||
        bind(fd, addr_sockaddr(&s->addr), s->addr.len) < 0)
        return errno;
    atomic_store_explicit(&s->used, true, memory_order_relaxed);
    return 0;
}

bool sources_next(struct sources *sources, struct source_cursor *cursor, uint32_t tries)
{
    if (!sources->list)
        return false;
    if (atomic_load(&sources->asleep))
        wake(sources);
    cursor->left = 0;
    return tries < (sources->automatic ? AUTOMATIC_TRIES : sources->count);
}

const char *source_format(const struct source *source, char text[SOURCE_TEXT_MAX])
{
    const struct sockaddr_storage *a = &source->addr.storage;
    const void *bytes = a->ss_family == AF_INET
                            ? (const void *)&((const struct sockaddr_in *)a)->sin_addr
                            : (const void *)&((const struct sockaddr_in6 *)a)->sin6_addr;

    return inet_ntop(a->ss_family, bytes, text, SOURCE_TEXT_MAX);
}
