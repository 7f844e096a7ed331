/* Names for the descriptors in what strace writes. */
#include <stdlib.h>

#include "bench/trace/names.h"
#include "unit.h"

static void check(const char *text, const char *wanted)
{
    struct connection connections[] = {{.client = 0, .port = 40001},
                                       {.client = 1, .port = 40002}};
    struct script script = {.names = "AB", .clients = 2};
    struct played played = {.connections = connections, .connection_count = 2};
    char *named = names_put(text, &script, &played);
    assert_string_equal(named, wanted);
    free(named);
}

static void sockets(void **state)
{
    (void)state;
    check("recvfrom(7<TCP:[127.0.0.1:80->127.0.0.1:40002]>, \"x\", 9, 0, NULL, NULL) = 1",
          "recvfrom(B, \"x\", 9, 0, NULL, NULL) = 1");
    check(
        "accept4(3<TCP:[127.0.0.1:80]>, NULL, NULL, 0) = 4<TCP:[127.0.0.1:80->127.0.0.1:40001]>",
        "accept4(listen, NULL, NULL, 0) = A");
    /* one that is none of the story's, and one of which strace knows the inode alone */
    check("close(4<TCP:[127.0.0.1:80->127.0.0.1:9]>) = 0", "close(socket) = 0");
    check("close(4<TCP:[614150561]>) = 0", "close(socket) = 0");
}

static void others(void **state)
{
    (void)state;
    check("epoll_ctl(4<anon_inode:[eventpoll]>, EPOLL_CTL_DEL, 6<pipe:[12]>, NULL) = 0",
          "epoll_ctl(epoll, EPOLL_CTL_DEL, pipe, NULL) = 0");
    check("write(1</dev/null<char 1:3>>, \"7<TCP:[a->b:40001]>\\\"\", 4) = 4",
          "write(/dev/null<char 1:3>, \"7<TCP:[a->b:40001]>\\\"\", 4) = 4");
    check("getpid() = 12", "getpid() = 12");
    check("read(5<unfinished", "read(5<unfinished");
}

/* 1 is how many are ready; 4 is not 14. */
static void ready(void **state)
{
    (void)state;
    check("pselect6(15, [14<TCP:[127.0.0.1:80->127.0.0.1:40002]> "
          "4<TCP:[127.0.0.1:80->127.0.0.1:40001]>], [], NULL, NULL, NULL) = 1 "
          "(in [4], left {tv_sec=4})",
          "pselect6(15, [B A], [], NULL, NULL, NULL) = 1 (in [A], left {tv_sec=4})");
    check(
        "poll([{fd=3<TCP:[127.0.0.1:80]>, events=POLLIN}], 1, -1) = 1 ([{fd=3, revents=POLLIN}])",
        "poll([{fd=listen, events=POLLIN}], 1, -1) = 1 ([{fd=listen, revents=POLLIN}])");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sockets),
        cmocka_unit_test(others),
        cmocka_unit_test(ready),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
