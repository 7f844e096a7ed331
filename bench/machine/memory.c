/* page_fault: the first touch of a page of private memory that the kernel has promised and not yet
 * given, in a mapping without huge pages: the exception, a page filled with zeros, and its entry in
 * the page table. That the pages were given back before is not in the figure. */
#include <math.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench/machine/probe.h"
#include "common/clock.h"

enum { PAGES = 64 };

static size_t page_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

static void *open_memory(const struct probe_site *site, char *why, size_t why_size)
{
    (void)site;
    void *pages = mmap(NULL, PAGES * page_size(), PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED)
        return probe_refused(why, why_size, "cannot map memory");
    madvise(pages, PAGES * page_size(), MADV_NOHUGEPAGE); /* a kernel without them refuses */
    return pages;
}

static void close_memory(void *state)
{
    munmap(state, PAGES * page_size());
}

static double batch_fault(void *state, unsigned n)
{
    volatile char *pages = state;
    size_t size = page_size();
    uint64_t total = 0;
    for (unsigned i = 0; i < n; i++) {
        if (madvise(state, PAGES * size, MADV_DONTNEED) != 0)
            return NAN;
        uint64_t begin = clock_ns();
        for (size_t page = 0; page < PAGES; page++)
            pages[page * size] = 1;
        total += clock_ns() - begin;
    }
    return (double)total / n / PAGES;
}

const struct probe_kind probes_memory = {
    .open = open_memory,
    .close = close_memory,
    .probes = {{UNIT_PAGE_FAULT, batch_fault}},
    .count = 1,
};
