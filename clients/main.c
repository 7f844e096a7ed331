/* What all clients share around their model: the job from its command line to its report. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "clients/client.h"
#include "clients/job/body.h"
#include "clients/options.h"
#include "clients/report.h"
#include "common/clock.h"
#include "common/err.h"
#include "common/inherit.h"
#include "common/output.h"
#include "common/url_reach.h"

static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static void refuse_unsupported(void)
{
    char why[256];
    if (!client.unsupported || !client.unsupported(why, sizeof why))
        return;
    fprintf(stderr, "%s: unsupported: %s\n", err_program(), why);
    exit(EXIT_UNSUPPORTED);
}

/* libcurl reads the URL itself, and tries all addresses with every connection. */
static void choose_address(struct job *job)
{
    char why[URL_REACH_ERROR_MAX];
    if (!url_reach(&job->url, job->timeout, why, sizeof why))
        die("%s", why);
}

static void read_expected(const struct options *o)
{
    char piece[16384];
    struct body right;
    FILE *in = fopen(o->expect_body, "re");
    if (!in)
        die_errno("--expect-body: cannot read '%s'", o->expect_body);
    body_begin(&right);
    for (size_t n; (n = fread(piece, 1, sizeof piece, in)) > 0;)
        body_add(&right, piece, n);
    if (ferror(in))
        die_errno("--expect-body: cannot read '%s'", o->expect_body);
    fclose(in);
    body_expect(&right, &o->job);
}

/* Whoever watches the job reads its counters between the line and the byte. */
static void tell(const struct options *o, const char *line)
{
    char byte;
    if (o->events_fd < 0)
        return;
    if (write(o->events_fd, line, strlen(line)) != (ssize_t)strlen(line) ||
        read(o->events_fd, &byte, 1) != 1)
        die("--events-fd: nobody answers on descriptor %d", o->events_fd);
}

static uint64_t sum(const uint64_t *numbers, unsigned count)
{
    uint64_t total = 0;
    for (unsigned i = 0; i < count; i++)
        total += numbers[i];
    return total;
}

int main(int argc, char **argv)
{
    struct options o;
    struct report report = {.started_at = clock_ns()};

    err_set_program(argv[0]);
    signal(SIGPIPE, SIG_IGN);
    inherit_clean(INHERIT_FAILS);
    output_check_at_exit();
    raise_descriptor_limit();
    options_read(argc, argv, &o);
    refuse_unsupported();
    report_check(o.json);
    choose_address(&o.job);
    job_share(&o.job);
    if (o.expect_body)
        read_expected(&o);

    tell(&o, "start\n");
    usage_read(&report.before);
    client.run(&o.job);
    usage_read(&report.after);
    tell(&o, "end\n");

    report.job = &o.job;
    report.concurrency = o.concurrency;
    report.sum = job_sum(&o.job);
    report.lost = o.job.requests - sum(report.sum.ended, OUTCOMES);
    if (!report_write(&report, o.json))
        return EXIT_FAILURE;
    return report.sum.ended[OUTCOME_OK] == o.job.requests ? EXIT_SUCCESS : EXIT_FAILED;
}
