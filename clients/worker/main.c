/* iomodels-worker: a worker that beanstalkd feeds, for bench/queues/run.py. It does the same as
 * bench/queues/worker.py, and fetches as our clients do. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "clients/job/body.h"
#include "clients/worker/worker.h"
#include "common/clock.h"
#include "common/command_line.h"
#include "common/err.h"
#include "common/inherit.h"
#include "common/output.h"

enum by { BY_THREADS, BY_EPOLL };
static const char *const ways[] = {"threads", "epoll", NULL};

struct worker_options {
    const char *dir, *site;
    unsigned workers;
    enum by by;
};

static const struct option_row rows[] = {
    {OPTION_TEXT, 0, "dir", "DIR", "where the sockets of the broker and of the harness are",
     OPTION_FIELD(struct worker_options, dir)},
    {OPTION_TEXT, 0, "site", "URL", "what each URL begins with, as http://127.0.0.1:8080",
     OPTION_FIELD(struct worker_options, site)},
    {OPTION_NUMBER, 0, "workers", "N", "jobs at once",
     OPTION_FIELD(struct worker_options, workers), .low = 1, .high = JOB_CONCURRENCY_MAX},
    {OPTION_WORD, 0, "by", "threads|epoll", "who does them: threads, or one thread over epoll",
     OPTION_FIELD(struct worker_options, by), .words = ways},
    {0},
};

static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static void read_right_body(const struct work *w)
{
    char piece[16384];
    struct body right;
    FILE *in = fopen(work_path(w, "body"), "re");
    if (!in)
        die_errno("cannot read %s", work_path(w, "body"));
    body_begin(&right);
    for (size_t n; (n = fread(piece, 1, sizeof piece, in)) > 0;)
        body_add(&right, piece, n);
    if (ferror(in))
        die_errno("cannot read %s", work_path(w, "body"));
    fclose(in);
    body_expect(&right, &w->job);
}

static void connect_reports(struct work *w)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    const char *path = work_path(w, "reports");
    if (strlen(path) >= sizeof to.sun_path)
        die("the path of a socket is too long: %s", path);
    strcpy(to.sun_path, path);
    w->reports = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (w->reports < 0 || connect(w->reports, (struct sockaddr *)&to, sizeof to) != 0)
        die_errno("cannot connect to %s", path);
}

int main(int argc, char **argv)
{
    struct worker_options o = {.workers = 1};
    char error[512];
    const struct command_line line = {
        .usage = "iomodels-worker --dir DIR --site URL [OPTIONS]\n",
        .about = "Do the jobs of a queue: a worker of bench/queues/run.py, which starts it.",
        .tables = {rows},
        .target = &o,
    };
    err_set_program("iomodels-worker");
    inherit_clean(INHERIT_FAILS);
    output_check_at_exit();
    int at = command_line_read(&line, argc, argv);
    if (at < argc)
        die_usage("'%s' is one argument too many", argv[at]);
    if (!o.dir || !o.site)
        die_usage("%s is missing", o.dir ? "--site" : "--dir");
    struct work w = {.dir = o.dir,
                     .site = o.site,
                     .job = {.concurrency = o.workers, .timeout = 60 * NS_PER_S}};
    if (!job_set_url(&w.job, o.site, error, sizeof error))
        die_usage("--site: %s", error);
    signal(SIGPIPE, SIG_IGN);
    raise_descriptor_limit();
    job_share(&w.job);
    read_right_body(&w);
    connect_reports(&w);
    if (o.by == BY_THREADS)
        work_in_threads(&w);
    work_over_epoll(&w);
}
