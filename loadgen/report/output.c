#include "loadgen/report/output.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/err.h"
#include "common/output.h"

void output_begin(void)
{
    if (fcntl(STDOUT_FILENO, F_GETFD) < 0)
        die("standard output is closed");
    /* The reader of a pipe may be gone before us: writing must then be an error and not the end.
     */
    signal(SIGPIPE, SIG_IGN);
    output_check_at_exit();
}

void output_check(const char *path)
{
    struct stat status;
    int fd;

    if (!path || strcmp(path, "-") == 0)
        return;
    if (stat(path, &status) < 0) {
        fd = errno == ENOENT ? open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666) : -1;
        if (fd >= 0)
            unlink(path);
        else if (errno == EEXIST)
            return; /* a symbolic link to a file that is not there yet */
    } else if (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode)) {
        fd = open(path, O_WRONLY | O_CLOEXEC);
    } else {
        /* Opening a FIFO waits for its reader, and the reader takes the closing for the end. */
        fd = faccessat(AT_FDCWD, path, W_OK, AT_EACCESS);
    }
    if (fd < 0)
        die_errno("cannot write '%s'", path);
    if (fd > 0)
        close(fd);
}

FILE *output_open(const char *path)
{
    FILE *out = fopen(path, "we");
    if (!out)
        warn("cannot write '%s': %s", path, strerrordesc_np(errno));
    return out;
}

bool output_close(FILE *out, const char *path, bool good)
{
    good = !ferror(out) && good;
    if (fclose(out) == EOF || !good) {
        warn("cannot write '%s': %s", path, strerrordesc_np(errno));
        return false;
    }
    return true;
}
