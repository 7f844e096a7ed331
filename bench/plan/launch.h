/* Load generators, and a server, on other hosts: what a scenario says of them, and the words that
 * start a program there. */
#ifndef IOM_LAUNCH_H
#define IOM_LAUNCH_H

#include <stdbool.h>
#include <stddef.h>

/* Of [load] and [server] in a scenario; NULL: not said. */
struct launch {
    char *hosts;       /* of the load generators: "a,b,c" */
    char *launcher;    /* a command that starts the command behind it on hosts: {hosts} becomes
                     * "a,b,c", {slots} "a:1,b:1,c:1", {count} 3 */
    char *server_host; /* where the server runs; NULL: here */
    char *server_address; /* by which hosts reach the server; NULL: the name of its host */
};

/* Without hosts and launcher all is on this machine. */
bool launch_given(const struct launch *l);

/* Does `value` name hosts, letters, digits, '-' and '.', with commas between them? `most` at the
 * most. */
bool launch_hosts_valid(const char *value, unsigned most);

/* Why what is said cannot be; NULL where it can. */
const char *launch_fault(const struct launch *l);

/* The words before a command that is to run on the load's hosts, or, where `host` is not NULL, on
 * that one. words_free() of base/placeholders.h. */
char **launch_words(const struct launch *l, const char *host);

/* How many hosts load; 0: the launcher knows. */
unsigned launch_host_count(const struct launch *l);

/* Where a server is to listen, "NAME:0". The caller frees it. */
char *launch_listen(const struct launch *l);

void launch_free(struct launch *l);

#endif
