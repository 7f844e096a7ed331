#include "bench/trial/external_site.h"

#include <errno.h>
#include <ftw.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "bench/base/placeholders.h"
#include "bench/base/text.h"
#include "common/clock.h"
#include "common/err.h"
#include "common/random.h"
#include "common/temporary.h"

#define PORTS_FROM 10000u /* below are those of well-known services */
#define PORTS_MIN  1000u  /* so few are not worth choosing among */
#define PORT_TRIES 1000

const char *external_python(void)
{
    return access("/usr/bin/python3", X_OK) == 0 ? "/usr/bin/python3" : "python3";
}

/* The port of 127.0.0.1 that a socket is bound to, which asks for `port`; 0 where that is in use.
 * For port 0 the kernel chooses. */
static unsigned bindable(unsigned port)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons((uint16_t)port),
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        die_errno("cannot find a free port");
    bool bound = bind(fd, (struct sockaddr *)&a, size) == 0 &&
                 getsockname(fd, (struct sockaddr *)&a, &size) == 0;
    close(fd);
    return bound ? ntohs(a.sin_port) : 0;
}

/* Hold the port against other sites, of this process or another: until its server listens the port
 * is free, and a second site could choose it, and its clients would talk to the wrong server. The
 * name of an abstract socket is taken once, and is free again with its socket, whatever becomes of
 * the process (unix(7)). Returns -1 where another site holds it. */
static int hold(unsigned port)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int n = snprintf(a.sun_path + 1, sizeof a.sun_path - 1, "iomodels-port-%u", port);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        die_errno("cannot hold port %u", port);
    if (bind(fd, (struct sockaddr *)&a,
             (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n)) == 0)
        return fd;
    close(fd);
    return -1;
}

/* The first of the ports that the kernel hands out by itself (ip(7), ip_local_port_range). */
static unsigned first_ephemeral(void)
{
    unsigned first = 0;
    FILE *f = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");
    if (f && fscanf(f, "%u", &first) != 1)
        first = 0;
    if (f)
        fclose(f);
    return first;
}

/* Free now, and not one that the kernel hands out by itself, where there are enough others: a
 * server that asks for any port, or the near end of a connection, could get that before our server
 * listens, and would answer in its place. */
static unsigned free_port(int *held)
{
    uint64_t state = clock_ns() ^ (uint64_t)getpid();
    unsigned end = first_ephemeral(), port = 0;
    for (int tries = 0; tries < PORT_TRIES; tries++) {
        bool choose = end > PORTS_MIN + PORTS_FROM && tries < PORT_TRIES / 2;
        port = bindable(
            choose ? PORTS_FROM + (unsigned)(random_next(&state) % (end - PORTS_FROM)) : 0);
        if (port && (*held = hold(port)) >= 0)
            return port;
    }
    die_errno("cannot find a free port");
}

/* Servers started by root read their files as another user, whatever our umask. */
static void make_open_directory(const char *path)
{
    if (mkdir(path, 0755) != 0 && errno != EEXIST)
        die_errno("cannot make the directory %s", path);
    chmod(path, 0755);
}

static void write_open_file(const char *path, const char *data, size_t size)
{
    FILE *f = fopen(path, "we");
    if (!f || fwrite(data, 1, size, f) != size || fclose(f) != 0)
        die_errno("cannot write %s", path);
    chmod(path, 0644);
}

/* The answer as a file below `root`, where a server of files looks for it. */
static void write_answer(const char *root, const char *path, const struct answer *answer)
{
    if (!answer || !answer->body || strstr(path, "..") || strpbrk(path, "?#"))
        return;
    char *file =
        text_format("%s%s%s", root, path, path[strlen(path) - 1] == '/' ? "index.html" : "");
    for (char *slash = file + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        make_open_directory(file);
        *slash = '/';
    }
    write_open_file(file, answer->body, answer->body_size);
    free(file);
}

enum { OWN_NAMES = 9 };

static bool write_config(const struct external_site *site, const struct external *p,
                         const struct placeholder *names, size_t count, char *error,
                         size_t error_size)
{
    if (!p->config)
        return true;
    /* The templates quote paths; these characters mean something inside quotes too. */
    if (strpbrk(site->dir, "\"\\$\n")) {
        snprintf(
            error, error_size,
            "TMPDIR has a quote, '\\', '$' or line break, which no configuration can hold: %s",
            site->dir);
        return false;
    }
    char *from = text_format("%s/%s", p->here, p->config);
    char *template = text_read_file(from);
    if (!template) {
        snprintf(error, error_size, "cannot read %s: %m", from);
        free(from);
        return false;
    }
    /* Braces mean something in a configuration: what is not ours stays. */
    char *text = placeholders_expand(template, names, count, false, error, error_size);
    size_t n = strlen(p->config);
    int keep = (int)(n > 3 && strcmp(p->config + n - 3, ".in") == 0 ? n - 3 : n);
    char *to = text_format("%s/%.*s", site->dir, keep, p->config);
    write_open_file(to, text, strlen(text));
    free(to);
    free(text);
    free(template);
    free(from);
    return true;
}

/* Cut first, then fill in, so that a path with a space in it stays one word. */
static char **make_argv(const char *command, const struct placeholder *names, size_t count,
                        char *error, size_t error_size)
{
    char **words = words_split(command, error, error_size);
    for (size_t i = 0; words && words[i]; i++) {
        char *full = placeholders_expand(words[i], names, count, true, error, error_size);
        if (!full) {
            words_free(words);
            return NULL;
        }
        free(words[i]);
        words[i] = full;
    }
    return words;
}

bool external_site_make(struct external_site *site, const struct external_site_spec *spec,
                        char *error, size_t error_size)
{
    const struct external *p = spec->external;
    char port[16];
    char connections[16];
    *site = (struct external_site){0};
    site->port = free_port(&site->port_held);
    site->dir = text_format("%s/iomodels-external-XXXXXX", temporary_dir());
    if (!mkdtemp(site->dir))
        die_errno("cannot make a directory %s", site->dir);
    make_open_directory(site->dir);
    char *root = text_format("%s/root", site->dir);
    make_open_directory(root);
    write_answer(root, spec->path, spec->answer);

    snprintf(port, sizeof port, "%u", site->port);
    snprintf(connections, sizeof connections, "%u", spec->connections);
    struct placeholder names[OWN_NAMES + EXTERNAL_SET_MAX] = {
        {"port", port},
        {"protocol", protocol_names[spec->protocol]},
        {"connections", connections},
        {"dir", site->dir},
        {"root", root},
        {"program", p->program ? p->program : ""},
        {"python", external_python()},
        {"here", p->here ? p->here : "."},
    };
    size_t count = OWN_NAMES - 1;
    for (size_t i = 0; i < p->set_count; i++)
        names[count++] = (struct placeholder){p->set_names[i], p->set_values[i]};
    char *command = text_format("%s %s", spec->command, spec->options ? spec->options : "");
    bool good = write_config(site, p, names, count, error, error_size);
    if (good)
        site->argv = make_argv(command, names, count, error, error_size);
    free(command);
    free(root);
    return site->argv != NULL;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path) != 0 && errno != ENOENT ? -1 : 0;
}

void external_site_remove(struct external_site *site)
{
    if (site->dir && nftw(site->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0 &&
        errno != ENOENT)
        warn("cannot remove %s: %s", site->dir, strerror(errno));
    words_free(site->argv);
    if (site->port_held > 0)
        close(site->port_held);
    free(site->dir);
    *site = (struct external_site){0};
}
