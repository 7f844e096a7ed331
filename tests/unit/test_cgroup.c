/* The counts of control groups, from trees of files as the kernel shows them. */
#include "common/cgroup.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

static char root[200];

static int make_root(void **state)
{
    (void)state;
    unit_temporary(root, sizeof root);
    return mkdtemp(root) ? 0 : -1;
}

static int remove_root(void **state)
{
    char command[sizeof root + 16];
    (void)state;
    snprintf(command, sizeof command, "rm -r '%s'", root);
    return system(command);
}

/* Write a file below the root, and the directories above it. */
static void put(const char *path, const char *text)
{
    char full[512];
    int n = snprintf(full, sizeof full, "%s/%s", root, path);
    assert_in_range(n, 1, sizeof full - 1);
    for (char *p = full + strlen(root) + 1; (p = strchr(p, '/')); p++) {
        *p = '\0';
        mkdir(full, 0777);
        *p = '/';
    }
    FILE *f = fopen(full, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void read_now(struct cgroup_reading *out)
{
    char proc_self[sizeof root + 8];
    snprintf(proc_self, sizeof proc_self, "%s/proc", root);
    cgroup_read_at(out, proc_self, root);
}

static void expect(const struct cgroup_reading *from, uint64_t periods, uint64_t throttled,
                   uint64_t ns)
{
    struct cgroup_reading to;
    read_now(&to);
    struct cgroup_throttling t = cgroup_throttled(from, &to);
    assert_int_equal(t.periods, periods);
    assert_int_equal(t.throttled, throttled);
    assert_int_equal(t.throttled_ns, ns);
}

static void version_1(void **state)
{
    struct cgroup_reading from;
    (void)state;
    put("proc/cgroup", "3:cpuset:/other\n2:cpu,cpuacct:/a/b\n0::/\n");
    put("proc/mountinfo",
        "30 1 0:1 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"
        "31 1 0:2 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 - cgroup cgroup rw,cpu,cpuacct\n");
    put("sys/fs/cgroup/cpuset/other/cpu.stat", "nr_periods 5\nnr_throttled 5\n");
    put("sys/fs/cgroup/cpu,cpuacct/cpu.stat", "nr_periods 0\nnr_throttled 0\n");
    put("sys/fs/cgroup/cpu,cpuacct/a/b/cpu.stat",
        "nr_periods 100\nnr_throttled 7\nthrottled_time 1000\n");
    read_now(&from);
    assert_int_equal(from.count, 2);
    expect(&from, 0, 0, 0);
    put("sys/fs/cgroup/cpu,cpuacct/a/b/cpu.stat",
        "nr_periods 157\nnr_throttled 63\nthrottled_time 5001000\n");
    expect(&from, 57, 56, 5000000);
}

/* A quota of the group above stops this one as well. */
static void version_2_nested(void **state)
{
    struct cgroup_reading from;
    (void)state;
    put("proc/cgroup", "0::/slice/leaf\n");
    put("proc/mountinfo", "30 1 0:1 / /cg\\040two rw - cgroup2 cgroup2 rw,nsdelegate\n");
    put("cg two/cpu.stat", "usage_usec 5\n");
    put("cg two/slice/cpu.stat",
        "usage_usec 1\nnr_periods 10\nnr_throttled 0\nthrottled_usec 0\n");
    put("cg two/slice/leaf/cpu.stat",
        "usage_usec 1\nnr_periods 4\nnr_throttled 1\nthrottled_usec 3\n");
    read_now(&from);
    assert_int_equal(from.count, 2);
    put("cg two/slice/cpu.stat",
        "usage_usec 1\nnr_periods 30\nnr_throttled 19\nthrottled_usec 700\n");
    expect(&from, 20, 19, 700000);
}

/* A container sees its own group at the mount point, whatever the name is outside. */
static void in_a_container(void **state)
{
    struct cgroup_reading from;
    (void)state;
    put("proc/cgroup", "0::/docker/1234\n");
    put("proc/mountinfo", "30 1 0:1 /docker/1234 /cg rw - cgroup2 cgroup rw\n");
    put("cg/cpu.stat", "nr_periods 1\nnr_throttled 0\nthrottled_usec 0\n");
    read_now(&from);
    assert_int_equal(from.count, 1);
    put("cg/cpu.stat", "nr_periods 3\nnr_throttled 1\nthrottled_usec 1\n");
    expect(&from, 2, 1, 1000);
    put("proc/mountinfo", "30 1 0:1 / /cg rw - cgroup2 cgroup rw\n");
    put("cg/cpu.stat", "nr_periods 1\nnr_throttled 0\nthrottled_usec 0\n");
    read_now(&from);
    assert_int_equal(from.count, 1);
}

static void nothing_is_known(void **state)
{
    struct cgroup_reading none;
    (void)state;
    cgroup_read_at(&none, "/nonexistent", "");
    assert_int_equal(none.count, 0);
    expect(&none, 0, 0, 0);
    put("proc/cgroup", "nonsense\n1:\n");
    put("proc/mountinfo", "nonsense\n1 2 - cgroup2 x\n1 2 3 4 - cgroup x cpu\n");
    read_now(&none);
    assert_int_equal(none.count, 0);
}

/* On this machine, whatever it has: it must not fail. */
static void this_machine(void **state)
{
    struct cgroup_reading from, to;
    (void)state;
    cgroup_read(&from);
    cgroup_read(&to);
    assert_int_equal(from.count, to.count);
    struct cgroup_throttling t = cgroup_throttled(&from, &to);
    assert_true(t.throttled <= t.periods);
}

#define WITH_ROOT(test) cmocka_unit_test_setup_teardown(test, make_root, remove_root)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ROOT(version_1),        WITH_ROOT(version_2_nested), WITH_ROOT(in_a_container),
        WITH_ROOT(nothing_is_known), WITH_ROOT(this_machine),
    };
    return cmocka_run_group_tests_name("cgroup", tests, NULL, NULL);
}
