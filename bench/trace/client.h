/* A client of a story: one connection after another to the server, and what happened on them. */
#ifndef IOM_TRACE_CLIENT_H
#define IOM_TRACE_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/http_response.h"

enum act_kind {
    ACT_CONNECT,
    ACT_SEND,
    ACT_RECEIVE,
    ACT_ANSWER, /* the last byte of an answer came */
    ACT_HALF_CLOSE,
    ACT_END, /* the server closed */
    ACT_CLOSE,
    ACT_RESET,
    ACT_IN_VAIN, /* the server rests, and this client has not got what it waits for */
    ACT_REST,    /* of nobody: the server rests */
    ACT_KINDS,
};

/* Something that a client did, or that came to it. */
struct act {
    enum act_kind kind;
    int client;       /* -1: nobody */
    int64_t at;       /* ns after the story's beginning, by strace_clock() */
    uint64_t bytes;   /* SEND, RECEIVE */
    int line;         /* of the story */
    bool first, last; /* SEND: of a request that is sent in parts */
    char *text;       /* SEND: the first line sent; else NULL */
};

struct acts {
    struct act *at;
    size_t count, room;
    int64_t zero; /* when the story began, by strace_clock() */
    int line;     /* of the step that is being made */
};

void acts_free(struct acts *a);
void acts_add(struct acts *a, int client, enum act_kind kind, uint64_t bytes);

/* The address of one connection as the server sees it. */
struct connection {
    int client;
    unsigned port;
};

struct client {
    int index;
    int fd;                  /* -1: not connected */
    bool slow;               /* reads only what it is told to */
    bool ended;              /* the server closed, or reset */
    bool halfway;            /* in the middle of a request */
    unsigned asked, answers; /* on this connection */
    unsigned port;
    struct http_response response;
};

/* Each returns false with the reason. `acts` gets what happened. */
bool trace_client_connect(struct client *c, const struct addr *server, bool slow,
                          struct acts *acts, char *reason, size_t reason_size);
/* `whole`: a request ends with these bytes. */
bool trace_client_send(struct client *c, const char *text, size_t size, bool whole,
                       struct acts *acts, char *reason, size_t reason_size);
/* Take what has come, at most `most` bytes; `*taken` says how many. */
bool trace_client_take(struct client *c, uint64_t most, uint64_t *taken, struct acts *acts,
                       char *reason, size_t reason_size);
bool client_half_close(struct client *c, struct acts *acts, char *reason, size_t reason_size);

/* Close the connection, or reset it (SO_LINGER of 0 s, socket(7)). Nothing where there is none. */
void trace_client_close(struct client *c, bool reset, struct acts *acts);

#endif
