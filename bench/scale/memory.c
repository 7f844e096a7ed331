#include "bench/scale/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/text.h"
#include "bench/scale/group.h"

static const char meminfo[] = "/proc/meminfo";

/* The number behind `name`; `otherwise` where the file or the name is missing. */
static double number_in(const char *path, const char *name, double otherwise)
{
    char *text = text_read_file(path);
    const char *at = text ? strstr(text, name) : NULL;
    double value = at ? strtod(at + strlen(name), NULL) : otherwise;

    free(text);
    return value;
}

double scale_available(void)
{
    double free_here = number_in(meminfo, "\nMemAvailable:", INFINITY) -
                       number_in(meminfo, "\nSReclaimable:", 0);

    return fmin(free_here, group_left("memory") / 1024);
}

static double used(void)
{
    return number_in(meminfo, "MemTotal:", NAN) - number_in(meminfo, "\nMemFree:", NAN) -
           number_in(meminfo, "\nBuffers:", NAN) - number_in(meminfo, "\nCached:", NAN);
}

void scale_memory_read(struct scale_memory *out)
{
    static const char sockets[] = "/proc/net/sockstat";

    *out = (struct scale_memory){
        .available = scale_available(), .used = used(), .kernel = kernel_memory()};
    /* "TCP: inuse 5 orphan 0 tw 0 alloc 10 mem 2", mem in pages */
    char *text = text_read_file(sockets);
    unsigned long alloc = 0, pages = 0;
    const char *tcp = text ? strstr(text, "\nTCP: ") : NULL;
    if (tcp && sscanf(tcp, "\nTCP: inuse %*u orphan %*u tw %*u alloc %lu mem %lu", &alloc,
                      &pages) == 2) {
        out->sockets = (double)alloc;
        out->buffers = (double)pages * (double)sysconf(_SC_PAGESIZE) / 1024;
    }
    free(text);
    slabs_read(&out->slabs);
}
