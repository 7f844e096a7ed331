#include "bench/trial/namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/process.h"
#include "bench/base/text.h"
#include "common/clock.h"
#include "common/err.h"

#define DEVICE "iomodels"

static const uint64_t ip_limit = 10 * NS_PER_S;

/* A new namespace, in which this thread is for a moment. -1 with errno. */
static int make_one(void)
{
    return unshare(CLONE_NEWNET) == 0 ? open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)
                                      : -1;
}

static bool make_both(struct namespaces *n)
{
    int own = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    if (own < 0)
        return false;
    int server = make_one();
    int generator = server < 0 ? -1 : make_one();
    int error = errno;
    if (server >= 0 && setns(own, CLONE_NEWNET) != 0)
        die_errno("cannot return to the network namespace of before");
    close(own);
    n->server = server < 0 ? 0 : server;
    n->generator = generator < 0 ? 0 : generator;
    errno = error;
    return server >= 0 && generator >= 0;
}

/* ip(8) with the words of `line`, in a namespace. */
static bool ip(int netns, const char *line, char *reason, size_t reason_size)
{
    const char *argv[24] = {"ip"};
    char *words = xstrdup(line);
    char *rest = words;
    char *word;
    struct process p;
    for (size_t n = 1; n + 1 < sizeof argv / sizeof argv[0] && (word = strsep(&rest, " ")); n++)
        argv[n] = word;
    process_start(
        &p, &(struct process_spec){.argv = argv, .input = -1, .extra = -1, .netns = netns});
    bool good = process_wait(&p, clock_after(clock_ns(), ip_limit)) && p.status == 0;
    char why[200] = "it did not end";
    if (!good && p.ended)
        process_end_reason(&p, why, sizeof why);
    if (!good)
        snprintf(reason, reason_size, "'ip %.80s': %s", line, why);
    process_destroy(&p);
    free(words);
    return good;
}

static bool join(const struct namespaces *n, char *reason, size_t size)
{
    /* A name with a slash is the path of a namespace. */
    char *add =
        text_format("link add " DEVICE " type veth peer name " DEVICE " netns /proc/%ld/fd/%d",
                    (long)getpid(), n->generator);
    bool good = ip(n->server, add, reason, size);
    free(add);
    const struct {
        int where;
        const char *line;
    } steps[] = {
        {n->server, "addr add " NAMESPACES_SERVER "/30 dev " DEVICE},
        {n->generator, "addr add 10.213.7.2/30 dev " DEVICE},
        {n->server, "link set " DEVICE " up"},
        {n->generator, "link set " DEVICE " up"},
        {n->server, "link set lo up"},
    };
    for (size_t i = 0; good && i < sizeof steps / sizeof steps[0]; i++)
        good = ip(steps[i].where, steps[i].line, reason, size);
    return good;
}

bool namespaces_make(struct namespaces *n, char *reason, size_t reason_size)
{
    *n = (struct namespaces){0};
    if (!make_both(n)) {
        snprintf(reason, reason_size, "cannot make network namespaces, which needs root: %s",
                 strerror(errno));
        return false;
    }
    return join(n, reason, reason_size);
}

void namespaces_close(struct namespaces *n)
{
    if (n->server > 0)
        close(n->server);
    if (n->generator > 0)
        close(n->generator);
    *n = (struct namespaces){0};
}
