/* Is the body of an answer the right one?
 *
 * --body says what is right: the bytes of the URL's first good answer in the run (same, the
 * default), its length alone (length), the bytes of a file, or anything (any). Without --body,
 * where the server is known to send a body back, the right body is the body that was sent. Bodies
 * are compared by length and by XXH3, a 64-bit hash (https://xxhash.com), so nobody keeps a copy.
 * A body that comes in one piece is hashed where it lies. Only a body in several pieces needs a
 * state (about 600 bytes), which its connection keeps until the body ends.
 *
 * A hash is no proof against forgery, and need not be: two bodies that differ by accident pass for
 * the same one time in 2^64. */
#ifndef IOM_BODY_H
#define IOM_BODY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The values of --body, of which FILE is the last; and SENT: the bytes that the request sent. */
enum body_rule { BODY_ANY, BODY_LENGTH, BODY_SAME, BODY_FILE, BODY_SENT };

/* What the bodies of one URL must be; shared by all threads. */
struct body_reference {
    _Atomic uint64_t key;  /* the hash; 0 until the first good answer has set it */
    _Atomic uint64_t size; /* BODY_SIZE_UNKNOWN until a moment after that */
    enum body_rule rule;
};

#define BODY_SIZE_UNKNOWN UINT64_MAX

/* The body of the answer that a connection is reading. All zero before its first use. */
struct body {
    uint64_t key; /* of a body that came in one piece */
    void *pieces; /* the state of one that does not; NULL where there was none yet */
    bool in_pieces;
};

/* "any", "length", "same" or "file". */
const char *body_rule_name(enum body_rule rule);

/* No answer has come. */
void body_reference_init(struct body_reference *reference, enum body_rule rule);

/* Take the content of file `path` for the right body. Ends the program where it cannot be read.
 */
void body_reference_read(struct body_reference *reference, const char *path);

/* Take what each request sends for the right body: the server is an echo. */
void body_reference_sent(struct body_reference *reference, const char *data, size_t size);

/* Make `to` what `from` is; before any answer is held against either. */
void body_reference_copy(struct body_reference *to, const struct body_reference *from);

/* A new answer begins. */
static inline void body_begin(struct body *b)
{
    b->key = 0;
    b->in_pieces = false;
}

/* `size` more bytes of the body came; `whole`: they are known to be all of it. Returns false
 * where memory is out. */
bool body_add(struct body *b, const char *data, size_t size, bool whole);

/* The body is complete, `size` bytes in all. Returns NULL where it is right, else what is wrong
 * with it, a constant string. Whichever thread is first sets the reference, by one
 * compare-and-exchange; from then on it is only read. */
const char *body_check(struct body *b, struct body_reference *reference, uint64_t size);

/* Free the state, if there is one. */
void body_free(struct body *b);

#endif
