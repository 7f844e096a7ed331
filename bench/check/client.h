/* The clients of a case: connections to the server, and all that is sent and read, with its time.
 *
 * Every wait ends at its deadline, when the server has ended, or when the user says stop. While a
 * wait lasts, the client that floods goes on flooding. */
#ifndef IOM_CHECK_CLIENT_H
#define IOM_CHECK_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "bench/check/bytes.h"

struct client {
    char *name;
    int fd;   /* -1: closed here */
    char *in; /* read, and not yet taken */
    size_t in_size;
    bool ended;       /* the server has closed its side */
    bool was_reset;   /* the connection is broken */
    uint64_t touched; /* when it last began to send, or to connect */
    const struct bytes *pushed;
    size_t pushed_size; /* of `pushed`, what went out */
};

enum client_result {
    CLIENT_OK,
    CLIENT_LATE,   /* the deadline came */
    CLIENT_BROKEN, /* refused or reset */
    CLIENT_DIED,   /* the server has ended */
    CLIENT_INTERRUPTED
};

struct clients {
    struct client *at;
    size_t count;
    unsigned port;
    pid_t server;
    int pidfd; /* of the server; -1: its end is no news */
    uint64_t patience;
    bool listens; /* the server has accepted a connection before */
    uint64_t begin;
    FILE *log;                 /* the transcript */
    size_t live;               /* the number, from 1, of the client that floods; 0: none does */
    const struct bytes *flood; /* what it sends, again and again */
    size_t flood_sent;
    bool flood_broken; /* its connection ended */
};

/* A line of the transcript. */
void clients_note(const struct clients *all, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The moment at which a wait that begins now has lasted too long. */
uint64_t clients_deadline(const struct clients *all);

/* A new client, which takes the name; a pointer to it is good until the next one is made. */
struct client *clients_add(struct clients *all, char *name);
struct client *clients_find(const struct clients *all, const char *name);
void clients_free(struct clients *all);

/* Wait until `c` has one of the events of poll(2); NULL: until the deadline. */
enum client_result clients_wait(struct clients *all, const struct client *c, short events,
                                uint64_t deadline);

/* Connect. Before the first connection of all the server may not listen yet: then it is tried
 * again. `small`: with buffers that soon are full. */
enum client_result client_connect(struct clients *all, struct client *c, bool small);

/* The same, without waiting for the server to take it. */
enum client_result client_begin(struct clients *all, struct client *c, bool small);

/* Send all of it; on CLIENT_BROKEN the connection took no more. */
enum client_result client_send(struct clients *all, struct client *c, const struct bytes *b);

/* Send it byte by byte, each in a segment of its own as far as this side decides that. */
enum client_result client_send_pieces(struct clients *all, struct client *c,
                                      const struct bytes *b);

/* Send until nothing is taken any more though the server rests; `c->pushed_size` becomes how much
 * was. */
enum client_result client_push(struct clients *all, struct client *c, const struct bytes *b);

/* Send all and read at the same time, until as much has come as was sent. */
enum client_result client_swap(struct clients *all, struct client *c, const struct bytes *b);

/* Read more: until something has come, or the end. */
enum client_result client_fill(struct clients *all, struct client *c, uint64_t deadline);

/* Forget the first `n` bytes that were read. */
void client_take(struct client *c, size_t n);

void client_fin(struct clients *all, struct client *c);

/* Close, without a word in the transcript. */
void client_leave(struct client *c);

/* Close; with a reset, whatever there is to send or to read. */
void client_close(struct clients *all, struct client *c, bool reset);

#endif
