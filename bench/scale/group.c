#include "bench/scale/group.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/text.h"

/* "max" is no number. */
static double number_of(const char *path, const char *name, const char *which, double otherwise)
{
    char *file = text_format("/sys/fs/cgroup%s/%s.%s", path, name, which);
    char *text = text_read_file(file);
    double value = text && text[0] >= '0' && text[0] <= '9' ? strtod(text, NULL) : otherwise;

    free(text);
    free(file);
    return value;
}

double group_left(const char *name)
{
    char *text = text_read_file("/proc/self/cgroup");
    char *path = text ? strstr(text, "0::/") : NULL;
    double least = INFINITY;

    if (path) {
        path += strlen("0::");
        path[strcspn(path, "\n")] = '\0';
        for (char *slash = path + strlen(path); slash; slash = strrchr(path, '/')) {
            *slash = '\0';
            least = fmin(least, number_of(path, name, "max", INFINITY) -
                                    number_of(path, name, "current", 0));
        }
    }
    free(text);
    return least;
}
