/* Rings of a user who may lock little memory: what a closed ring still holds is waited for. */
#include "common/ring_setup.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

/* Nobody else's: what another process of the user locks counts too. */
enum { USER = 2123456789, RINGS = 50, COMPLETIONS = 65536, BYTES_EACH = 16 };
enum { SKIPPED = 77 };

/* Become a user who may lock so many bytes. */
static void may_lock(rlim_t bytes)
{
    struct rlimit limit = {.rlim_cur = bytes, .rlim_max = bytes};
    if (setrlimit(RLIMIT_MEMLOCK, &limit) < 0 || setresuid(USER, USER, USER) < 0)
        _exit(SKIPPED);
}

static int open_ring(struct io_uring *io)
{
    struct io_uring_params p = {.flags = IORING_SETUP_CQSIZE, .cq_entries = COMPLETIONS};
    return ring_setup(8, io, &p);
}

/* What `child` ends with, in a process of its own. */
static void in_child(int (*child)(void))
{
    pid_t pid = fork();
    int status;
    if (pid == 0)
        _exit(child());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    /* Not skip(): TAP of cmocka calls that "not ok". */
    if (WEXITSTATUS(status) == SKIPPED)
        print_message("# not tried: it takes root, io_uring, and a kernel that counts rings\n");
    else
        assert_int_equal(WEXITSTATUS(status), 0);
}

static bool is_allowed(int result)
{
    return result != -ENOSYS && result != -EPERM && result != -EACCES;
}

static int one_after_another(void)
{
    struct io_uring io;
    /* One ring and a half. */
    may_lock(COMPLETIONS * BYTES_EACH * 3 / 2);
    for (int i = 0; i < RINGS; i++) {
        int result = open_ring(&io);
        if (result < 0)
            return is_allowed(result) ? i + 1 : SKIPPED;
        io_uring_queue_exit(&io);
    }
    return 0;
}

static void a_closed_ring_is_waited_for(void **state)
{
    (void)state;
    in_child(one_after_another);
}

static int too_little(void)
{
    struct io_uring io;
    may_lock(COMPLETIONS * BYTES_EACH / 2);
    int result = open_ring(&io);
    if (result >= 0 || !is_allowed(result))
        return SKIPPED; /* a kernel that does not count rings */
    return result != -ENOMEM;
}

static void what_never_fits_fails(void **state)
{
    (void)state;
    in_child(too_little);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_closed_ring_is_waited_for),
        cmocka_unit_test(what_never_fits_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
