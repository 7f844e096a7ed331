#include "bench/trial/watch.h"

#include "bench/trial/trial.h"
#include "common/clock.h"

static void refresh_tree(struct watch *w)
{
    tree_free(w->tree);
    tree_find(w->tree, w->server->process.pid);
}

void watch_init(struct watch *w, const struct trial_setup *setup, struct server *server,
                struct tree *tree, struct trial_measured *sum)
{
    *w = (struct watch){.placement = setup->placement,
                        .server = server,
                        .tree = tree,
                        .cpu_by_tree = !setup->counters[PERF_TASK_CLOCK],
                        .faults_by_tree = !setup->counters[PERF_FAULTS],
                        .sum = sum};
}

void watch_ready(struct watch *w)
{
    if (w->cpu_by_tree || w->faults_by_tree)
        refresh_tree(w);
}

void watch_open(struct watch *w)
{
    perf_read(&w->server->perf, &w->counted);
    calls_read(&w->server->calls, &w->calls);
    w->cpu_ns = w->cpu_by_tree ? tree_cpu_ns(w->tree) : 0;
    w->root = tree_root_cpu(w->server->process.pid);
    w->faults = w->faults_by_tree ? tree_faults(w->tree) : 0;
    cgroup_read(&w->groups);
    w->server_busy = cpu_busy_read(&w->placement->server);
    w->generator_busy = cpu_busy_read(&w->placement->generator);
    w->opened_ns = clock_ns();
}

static void add_busy(struct trial_measured *sum, const struct watch *w)
{
    struct cpu_busy server = cpu_busy_read(&w->placement->server);
    struct cpu_busy generator = cpu_busy_read(&w->placement->generator);
    sum->server_busy_ns += cpu_busy_ns(&w->server_busy, &server);
    sum->generator_busy_ns += cpu_busy_ns(&w->generator_busy, &generator);
    sum->server_stolen_ns += server.stolen_ns - w->server_busy.stolen_ns;
    sum->generator_stolen_ns += generator.stolen_ns - w->generator_busy.stolen_ns;
}

static void add_throttling(struct trial_measured *sum, const struct watch *w)
{
    struct cgroup_reading groups;
    cgroup_read(&groups);
    struct cgroup_throttling more = cgroup_throttled(&w->groups, &groups);
    sum->throttled.throttled += more.throttled;
    sum->throttled.throttled_ns += more.throttled_ns;
}

void watch_close(struct watch *w)
{
    struct trial_measured *sum = w->sum;
    struct perf_values counted;
    struct call_counts calls;
    root_cpu_add(&w->used, w->root, tree_root_cpu(w->server->process.pid));
    /* To read the counters of thousands of tasks takes CPU time that is nobody's disturbance. So
     * at both ends what the CPUs did is read on the inner side, and others are told for so much
     * less. */
    add_busy(sum, w);
    perf_read(&w->server->perf, &counted);
    calls_read(&w->server->calls, &calls);
    calls_add(&w->calls, &calls, &sum->by_name);
    sum->window_ns += clock_ns() - w->opened_ns;
    w->windows++;
    add_throttling(sum, w);
    watch_ready(w);
    for (int i = 0; i < PERF_COUNTERS; i++)
        sum->counted.count[i] += counted.count[i] - w->counted.count[i];
    double tasks_ns = counted.count[PERF_TASK_CLOCK] - w->counted.count[PERF_TASK_CLOCK];
    double faults = counted.count[PERF_FAULTS] - w->counted.count[PERF_FAULTS];
    sum->cpu_ns += w->cpu_by_tree ? (double)tree_cpu_ns(w->tree) - (double)w->cpu_ns : tasks_ns;
    sum->faults +=
        w->faults_by_tree ? (double)tree_faults(w->tree) - (double)w->faults : faults;
}

void watch_end(struct watch *w)
{
    refresh_tree(w);
    if (!w->cpu_by_tree)
        w->sum->cpu_ns = tree_cpu_with_ended(w->sum->cpu_ns, w->used, w->windows);
}
