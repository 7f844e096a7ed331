#include "bench/record/machine.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "bench/base/text.h"

/* The first line of a file, or null. */
static json_t *line_of(const char *path)
{
    char *text = text_first_line(path);
    json_t *json = text ? json_string(text_trim(text)) : NULL;
    free(text);
    return json ? json : json_null();
}

/* The value of a line "name : value", as in /proc/cpuinfo; null where there is none. */
static json_t *value_of(const char *path, const char *name)
{
    char *text = text_read_file(path);
    char *rest = text;
    char *line;
    json_t *found = NULL;
    size_t n = strlen(name);

    while (!found && rest && (line = strsep(&rest, "\n"))) {
        char *colon = strchr(line, ':');
        if (colon && strncmp(line, name, n) == 0 &&
            strspn(line + n, " \t") == (size_t)(colon - line) - n)
            found = json_string(text_trim(colon + 1));
    }
    free(text);
    return found ? found : json_null();
}

static json_t *mitigations(void)
{
    const char *root = "/sys/devices/system/cpu/vulnerabilities";
    DIR *dir = opendir(root);
    if (!dir)
        return json_null();
    json_t *all = json_object();
    struct dirent *d;
    while ((d = readdir(dir))) {
        if (d->d_name[0] == '.')
            continue;
        char *path = text_format("%s/%s", root, d->d_name);
        json_object_set_new(all, d->d_name, line_of(path));
        free(path);
    }
    closedir(dir);
    return all;
}

/* os-release(5). */
static json_t *distribution(void)
{
    static const char key[] = "PRETTY_NAME=\"";
    char *text = text_read_file("/etc/os-release");
    char *at = text ? strstr(text, key) : NULL;
    json_t *name = NULL;
    if (at) {
        at += sizeof key - 1;
        name = json_stringn(at, strcspn(at, "\"\n"));
    }
    free(text);
    return name ? name : json_null();
}

static json_t *virtualised(void)
{
    char *text = text_read_file("/proc/cpuinfo");
    json_t *answer = text ? json_boolean(strstr(text, " hypervisor") != NULL) : json_null();
    free(text);
    return answer;
}

static json_t *load_average(void)
{
    double load[3];
    if (getloadavg(load, 3) != 3)
        return json_null();
    return json_pack("[f,f,f]", load[0], load[1], load[2]);
}

#define CPU0 "/sys/devices/system/cpu/cpu0/"

json_t *machine_describe(void)
{
    json_t *m = json_object();
    struct utsname u;
    if (uname(&u) == 0) {
        char *kernel = text_format("%s %s %s", u.sysname, u.release, u.version);
        json_object_set_new(m, "kernel", json_string(kernel));
        json_object_set_new(m, "kernel_release", json_string(u.release));
        json_object_set_new(m, "architecture", json_string(u.machine));
        free(kernel);
    }
    json_object_set_new(m, "distribution", distribution());
    json_object_set_new(m, "cpu", value_of("/proc/cpuinfo", "model name"));
    json_object_set_new(m, "cpus_online", json_integer(sysconf(_SC_NPROCESSORS_ONLN)));
    json_object_set_new(m, "siblings_of_cpu0", line_of(CPU0 "topology/thread_siblings_list"));
    json_object_set_new(m, "virtualised", virtualised());
    json_object_set_new(m, "governor", line_of(CPU0 "cpufreq/scaling_governor"));
    json_object_set_new(m, "mitigations", mitigations());
    json_object_set_new(
        m, "clocksource",
        line_of("/sys/devices/system/clocksource/clocksource0/current_clocksource"));
    json_object_set_new(m, "memory_total", value_of("/proc/meminfo", "MemTotal"));
    json_object_set_new(m, "memory_available", value_of("/proc/meminfo", "MemAvailable"));
    json_object_set_new(m, "load_average_before", load_average());
    return m;
}

json_t *machine_sysctls(void)
{
    static const char *const names[] = {
        "net/core/somaxconn",
        "net/core/netdev_max_backlog",
        "net/core/rmem_default",
        "net/core/wmem_default",
        "net/ipv4/tcp_max_syn_backlog",
        "net/ipv4/tcp_syncookies",
        "net/ipv4/ip_local_port_range",
        "net/ipv4/tcp_tw_reuse",
        "net/ipv4/tcp_fin_timeout",
        "net/ipv4/tcp_max_tw_buckets",
        "net/ipv4/tcp_rmem",
        "net/ipv4/tcp_wmem",
        "net/ipv4/tcp_mem",
        "net/ipv4/tcp_congestion_control",
        "net/core/busy_poll",
        "fs/file-max",
        "fs/nr_open",
        "kernel/pid_max",
        "kernel/threads-max",
        "kernel/perf_event_paranoid",
        "kernel/randomize_va_space",
        "vm/overcommit_memory",
    };
    json_t *all = json_object();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char *path = text_format("/proc/sys/%s", names[i]);
        char *name = text_format("%s", names[i]);
        for (char *at = name; *at; at++)
            if (*at == '/')
                *at = '.';
        json_object_set_new(all, name, line_of(path));
        free(name);
        free(path);
    }
    json_object_set_new(all, "transparent_hugepage",
                        line_of("/sys/kernel/mm/transparent_hugepage/enabled"));
    return all;
}

static json_t *limit(rlim_t value)
{
    return value == RLIM_INFINITY ? json_string("unlimited") : json_integer((json_int_t)value);
}

json_t *machine_limits(void)
{
    static const struct {
        const char *name;
        int resource;
    } limits[] = {{"nofile", RLIMIT_NOFILE}, {"nproc", RLIMIT_NPROC},
                  {"stack", RLIMIT_STACK},   {"memlock", RLIMIT_MEMLOCK},
                  {"as", RLIMIT_AS},         {"sigpending", RLIMIT_SIGPENDING}};
    json_t *all = json_object();
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        struct rlimit r;
        json_t *one = json_null();
        if (getrlimit((__rlimit_resource_t)limits[i].resource, &r) == 0)
            one = json_pack("{s:o,s:o}", "soft", limit(r.rlim_cur), "hard", limit(r.rlim_max));
        json_object_set_new(all, limits[i].name, one);
    }
    return all;
}
