/* Two network namespaces, joined by a pair of veth devices (veth(4)): the server's and the load
 * generator's. They have no names, so nobody else sees them, and they are gone with the last
 * process and descriptor that hold them (network_namespaces(7)). */
#ifndef IOM_NAMESPACES_H
#define IOM_NAMESPACES_H

#include <stdbool.h>
#include <stddef.h>

/* The server's own address in its namespace; those of the whole machine do not matter there. */
#define NAMESPACES_SERVER "10.213.7.1"

struct namespaces {
    int server; /* descriptors, for process_spec.netns; 0: none */
    int generator;
};

/* Make the two. False with the reason where that is not possible, mostly for want of the right to
 * (CAP_SYS_ADMIN, CAP_NET_ADMIN) or of ip(8). namespaces_close() in both cases. */
bool namespaces_make(struct namespaces *n, char *reason, size_t reason_size);
void namespaces_close(struct namespaces *n);

#endif
