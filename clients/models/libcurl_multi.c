/* libcurl-multi: the library that programs in C fetch with, its multi interface over epoll.
 *
 * How it waits   In epoll_wait(), level-triggered. The library says which sockets to watch for
 *                what, and when to come back without any (curl_multi_socket_action(3)).
 * Who works      The one thread, in the library: it connects, sends, receives, parses and keeps
 *                connections. This file has the loop and checks what came.
 * It costs       Per request send, recv, two poll and two epoll_ctl, and a share of epoll_wait: 6
 *                + 1/batch system calls. What the library does for each transfer is more than all
 *                of these.
 * It breaks      As `epoll` does, and at fewer requests a second.
 *
 * A transfer is an easy handle. Each handle makes one request after the other: it is taken out
 * of the multi handle and put back for that, which is how it is reused. The connections belong
 * to the multi handle. It is told to keep as many as there are handles (CURLMOPT_MAXCONNECTS),
 * and takes no proxy from the environment. Its errors are fewer than ours: CURLINFO_OS_ERRNO
 * tells some of them apart. */
#include "clients/client.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "clients/job/body.h"
#include "common/clock.h"
#include "common/err.h"

#define BATCH 512

struct transfer {
    CURL *easy;
    struct tally *tally;
    struct body body;
    bool has_head; /* to its last line */
};

static struct job *the_job;
static CURLM *multi;
static struct curl_slist *fields; /* of each request, besides those of the library */
static int set;                   /* of epoll */
static unsigned running;          /* transfers */
static uint64_t wake_at = CLOCK_NEVER;

/* The library wants this socket to be watched from now on, or no longer. */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *unused, void *is_watched)
{
    struct epoll_event e = {.data.fd = fd};
    if (what == CURL_POLL_REMOVE)
        return epoll_ctl(set, EPOLL_CTL_DEL, fd, NULL) != 0 && errno != EBADF &&
               errno != ENOENT;
    e.events = (what & CURL_POLL_IN ? EPOLLIN : 0U) | (what & CURL_POLL_OUT ? EPOLLOUT : 0U);
    (void)easy, (void)unused;
    if (!is_watched)
        curl_multi_assign(multi, fd,
                          &set); /* anything but NULL: it is in the set from now on */
    return epoll_ctl(set, is_watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &e);
}

static int on_timer(CURLM *unused, long ms, void *nothing)
{
    (void)unused, (void)nothing;
    wake_at = ms < 0 ? CLOCK_NEVER : clock_ns() + (uint64_t)ms * NS_PER_MS;
    return 0;
}

static size_t on_body(char *data, size_t size, size_t count, void *transfer)
{
    struct transfer *t = transfer;
    body_add(&t->body, data, size * count);
    return size * count;
}

/* The library takes a head that the server cut short for a head. It calls this for trailers
 * too. */
static size_t on_head(char *line, size_t size, size_t count, void *transfer)
{
    struct transfer *t = transfer;
    if (strncmp(line, "HTTP/", 5) == 0)
        t->has_head = false;
    else if (line[0] == '\r' || line[0] == '\n')
        t->has_head = true;
    return size * count;
}

static enum outcome failure(const struct transfer *t, CURLcode code)
{
    long error = 0;
    curl_easy_getinfo(t->easy, CURLINFO_OS_ERRNO, &error);
    switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
        return OUTCOME_TIMEOUT;
    case CURLE_COULDNT_CONNECT: /* no error: there was not even a socket */
        return error == 0 || error == EADDRNOTAVAIL ? OUTCOME_SYSTEM : OUTCOME_REFUSED;
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
        return OUTCOME_EOF;
    case CURLE_SEND_ERROR:
        return OUTCOME_RESET;
    case CURLE_RECV_ERROR: /* or what has come is wrong */
        return error == ECONNRESET ? OUTCOME_RESET : OUTCOME_CORRUPT;
    case CURLE_OUT_OF_MEMORY:
        return OUTCOME_SYSTEM;
    default:
        return OUTCOME_CORRUPT;
    }
}

/* Begin the next request with this handle, if there is one. */
static void begin(struct transfer *t)
{
    char url[JOB_REQUEST_MAX];
    uint64_t number = job_take(the_job);
    if (number == 0)
        return;
    tally_begin(t->tally);
    body_begin(&t->body);
    t->has_head = false;
    job_url(the_job, number, url);
    curl_easy_setopt(t->easy, CURLOPT_URL, url);
    if (curl_multi_add_handle(multi, t->easy) != CURLM_OK)
        die("libcurl: cannot begin a transfer");
    running++;
}

static void ended(struct transfer *t, CURLcode code)
{
    long status = 0, connections = 0;
    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(t->easy, CURLINFO_NUM_CONNECTS, &connections);
    enum outcome outcome = OUTCOME_EOF;
    if (code != CURLE_OK)
        outcome = failure(t, code);
    else if (t->has_head)
        outcome = body_judge(&t->body, the_job, (unsigned)status, t->tally);
    t->tally->opened += (uint64_t)connections;
    tally_end(t->tally, outcome);
    curl_multi_remove_handle(multi, t->easy);
    running--;
    begin(t);
}

static void see_ended(void)
{
    int left;
    for (CURLMsg *m; (m = curl_multi_info_read(multi, &left));) {
        struct transfer *t;
        CURLcode code = m->data.result; /* the message goes with the handle */
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &t);
        if (m->msg == CURLMSG_DONE)
            ended(t, code);
    }
}

static void act(curl_socket_t fd, uint32_t events)
{
    int still_running, ready = (events & EPOLLIN ? CURL_CSELECT_IN : 0) |
                               (events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                               (events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
    curl_multi_socket_action(multi, fd, ready, &still_running);
}

static void turn(void)
{
    struct epoll_event ready[BATCH];
    int n = epoll_wait(set, ready, BATCH, clock_timeout_ms(clock_ns(), wake_at));
    if (n < 0 && errno != EINTR)
        die_errno("cannot wait for sockets");
    for (int i = 0; i < n; i++)
        act(ready[i].data.fd, ready[i].events);
    if (clock_ns() >= wake_at) {
        wake_at = CLOCK_NEVER;
        act(CURL_SOCKET_TIMEOUT, 0);
    }
    see_ended();
}

static void set_up(struct transfer *t, struct tally *tally)
{
    long ms = (long)((the_job->timeout + NS_PER_MS - 1) / NS_PER_MS);
    t->tally = tally;
    if (!(t->easy = curl_easy_init()))
        die("libcurl: out of memory");
    curl_easy_setopt(t->easy, CURLOPT_PRIVATE, t);
    curl_easy_setopt(t->easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(t->easy, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(t->easy, CURLOPT_HEADERFUNCTION, on_head);
    curl_easy_setopt(t->easy, CURLOPT_HEADERDATA, t);
    curl_easy_setopt(t->easy, CURLOPT_TIMEOUT_MS, ms);
    curl_easy_setopt(t->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(t->easy, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(t->easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, fields);
    curl_easy_setopt(t->easy, CURLOPT_FORBID_REUSE, (long)the_job->close);
}

static void run(struct job *job)
{
    the_job = job;
    struct transfer *transfers = xcalloc(job->concurrency, sizeof *transfers);
    if (curl_global_init(CURL_GLOBAL_NOTHING) != CURLE_OK || !(multi = curl_multi_init()))
        die("libcurl: cannot be set up");
    if ((set = epoll_create1(EPOLL_CLOEXEC)) < 0)
        die_errno("cannot create an epoll instance");
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)job->concurrency);
    if (job->close && !(fields = curl_slist_append(NULL, "Connection: close")))
        die("libcurl: out of memory");
    for (unsigned i = 0; i < job->concurrency; i++) {
        set_up(&transfers[i], &job->tallies[i]);
        begin(&transfers[i]);
    }
    while (running > 0)
        turn();
    for (unsigned i = 0; i < job->concurrency; i++)
        curl_easy_cleanup(transfers[i].easy);
    curl_multi_cleanup(multi);
    curl_slist_free_all(fields);
    curl_global_cleanup();
    close(set);
    free(transfers);
}

const struct client client = {
    .name = "libcurl-multi",
    .summary = "one thread, the multi interface of libcurl over epoll",
    .hides_repeats = true,
    .run = run,
};
