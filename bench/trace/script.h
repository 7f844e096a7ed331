/* A story: what clients do to a server, step by step. docs/trace.md has the format. */
#ifndef IOM_SCRIPT_H
#define IOM_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum verb {
    VERB_CONNECT,
    VERB_GET,
    VERB_SEND,
    VERB_READ,
    VERB_ANSWERED,
    VERB_HALF_CLOSE,
    VERB_ENDED,
    VERB_CLOSE,
    VERB_RESET,
    /* of nobody: */
    VERB_REST,
    VERB_PAUSE,
    VERB_COUNT,
};

/* At most so many clients, whose names are capital letters. */
enum { SCRIPT_CLIENTS = 6 };

struct step {
    enum verb verb;
    int client;      /* index of its name; -1 for steps of nobody */
    int line;        /* of the file, from 1 */
    bool slow;       /* CONNECT: it takes only what is read */
    bool or_rest;    /* ANSWERED, ENDED: or until the server is at rest */
    bool ends_head;  /* SEND: a request is complete with it */
    char *said;      /* its line, as it stands there */
    char *text;      /* GET: the path; SEND: the bytes */
    size_t size;     /* SEND: how many */
    uint64_t amount; /* READ: bytes; PAUSE: ns */
};

struct script {
    char *path; /* for messages */
    struct step *steps;
    size_t count;
    char names[SCRIPT_CLIENTS]; /* in the order in which they appear */
    int clients;
};

/* Read the file, or the default story where `path` is NULL. False with one line in `error`,
 * "FILE:LINE: what is wrong". */
bool script_read(struct script *s, const char *path, char *error, size_t error_size);
void script_free(struct script *s);

/* The word of a verb in a story. */
const char *script_word(enum verb verb);

/* The text of the default story, bench/trace/default.story. */
const char *script_default(void);

#endif
