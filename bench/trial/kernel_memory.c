#include "bench/trial/kernel_memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/text.h"

static double field_kib(const char *text, const char *name)
{
    const char *at = text ? strstr(text, name) : NULL;
    return at ? strtod(at + strlen(name), NULL) : NAN;
}

struct kernel_memory kernel_memory(void)
{
    char *text = text_read_file("/proc/meminfo");
    struct kernel_memory m = {.slab = field_kib(text, "\nSlab:"),
                              .stacks = field_kib(text, "\nKernelStack:"),
                              .page_tables = field_kib(text, "\nPageTables:")};
    m.all = m.slab + m.stacks + m.page_tables;
    free(text);
    return m;
}
