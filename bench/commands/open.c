/* iomodels open: the report of a run in a browser. */
#include <errno.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/base/paths.h"
#include "bench/base/placeholders.h"
#include "bench/base/text.h"
#include "bench/commands/commands.h"
#include "bench/record/run_dir.h"
#include "common/command_line.h"
#include "common/err.h"

extern char **environ;

static bool is_set(const char *name)
{
    const char *value = getenv(name);
    return value && value[0];
}

/* The report of the run that is given, or of the newest one that has a report. Caller frees. */
static char *find_report(int argc, char **argv, int at)
{
    struct paths paths = {0};
    if (argc - at > 1)
        die_usage("one run at a time; '%s' is one too many", argv[at + 1]);
    paths_find(&paths);
    char *dir = at < argc ? xstrdup(argv[at]) : run_dir_newest(paths.results, "report.html");
    if (!dir)
        die("there is no run with a report in %s", paths.results);
    char *report = text_format("%s/report.html", dir);
    char *whole = realpath(report, NULL);
    if (!whole && errno == ENOENT && access(dir, F_OK) == 0)
        die("%s has no report.html; 'iomodels report %s' makes one of a run", dir, dir);
    if (!whole)
        die_errno("cannot open %s", report);
    free(report);
    free(dir);
    return whole;
}

/* Put `path` for each "%s" among `words`, or behind the words where there is none. Returns what
 * posix_spawnp(3) takes; the words themselves stay those of the caller. */
static char **with_path(char **words, char *path)
{
    size_t n = 0;
    bool named = false;
    while (words[n])
        n++;
    char **argv = xcalloc(n + 2, sizeof *argv);
    for (size_t i = 0; i < n; i++) {
        bool place = strcmp(words[i], "%s") == 0;
        argv[i] = place ? path : words[i];
        named |= place;
    }
    if (!named)
        argv[n] = path;
    return argv;
}

/* Run `command` on `path` and wait for its end. False, with a line on standard error, where it
 * cannot be started; ends the program where it fails. */
static bool show(const char *command, char *path)
{
    char error[256];
    pid_t pid;
    int status = 0;
    char **words = words_split(command, error, sizeof error);
    if (!words) {
        warn("BROWSER: '%s': %s", command, error);
        return false;
    }
    char **argv = with_path(words, path);
    int failed = posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ);
    free(argv);
    words_free(words);
    if (failed) {
        warn("cannot start '%s': %s", command, strerror(failed));
        return false;
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (WIFSIGNALED(status))
        die("'%s' was killed by signal %d", command, WTERMSIG(status));
    if (status != 0)
        die("'%s' failed with exit status %d", command, WEXITSTATUS(status));
    return true;
}

/* $BROWSER holds commands, separated by colons: the first that can be started is taken. */
static bool show_in_browser_of_user(char *path)
{
    bool shown = false;
    char *copy = xstrdup(getenv("BROWSER"));
    char *rest = copy;
    char *command;
    while (!shown && (command = strsep(&rest, ":")))
        if (command[0])
            shown = show(command, path);
    free(copy);
    return shown;
}

static bool is_on_path(const char *program)
{
    const char *path = getenv("PATH");
    char *copy = xstrdup(path ? path : "");
    char *rest = copy;
    char *dir;
    bool found = false;
    while (!found && (dir = strsep(&rest, ":"))) {
        char *file = text_format("%s/%s", dir[0] ? dir : ".", program);
        found = access(file, X_OK) == 0;
        free(file);
    }
    free(copy);
    return found;
}

int command_open(int argc, char **argv)
{
    const struct command_line line = {
        .usage = "iomodels open [DIR]\n",
        .about =
            "Print the path of the report of a run, and show the report. DIR is a run (default: "
            "the newest one that has a report). Shown by the command in BROWSER, or else by "
            "xdg-open(1) where there is a display. Where there is neither the path is all.",
        .notes =
            "BROWSER may hold several commands, separated by colons: the first that can be started "
            "is taken. The word %s in a command is replaced by the path.\n"
            "Exit status:\n"
            "  0  the report was shown, or its path was printed because nothing can show it\n"
            "  1  there is no such run or no report, or the browser failed\n"
            "  2  the command line is wrong",
        .operand = "RUN",
    };
    int at = command_line_read(&line, argc, argv);
    char *report = find_report(argc, argv, at);
    puts(report);
    fflush(stdout); /* before anything that the browser says */
    if (is_set("BROWSER") && show_in_browser_of_user(report)) {
        free(report);
        return 0;
    }
    if ((is_set("DISPLAY") || is_set("WAYLAND_DISPLAY")) && is_on_path("xdg-open"))
        show("xdg-open", report);
    free(report);
    return 0;
}
