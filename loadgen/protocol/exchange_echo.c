/* Echo: every byte sent must come back, in order and nothing else (RFC 862 over a stream).
 *
 * A message is a window of one block of random bytes that all connections share. Where the
 * window begins depends on the connection and on the number of its request, so a server that
 * answers with another connection's data, an older message, or bytes it dropped and others it
 * repeats, sends something else than is expected: two windows that do not begin at the same
 * place agree in a byte only by chance. That costs no memory a connection, no copy to send, and
 * one memcmp to verify. */
#include <string.h>

#include "common/err.h"
#include "common/random.h"
#include "loadgen/protocol/exchange.h"

/* Places a window may begin at: a power of two. Small enough to stay in a second-level cache.
 */
#define WINDOWS (UINT32_C(1) << 18)

/* Steps between the windows of one connection, and between the first ones of two neighbours.
 * Odd numbers, so that all WINDOWS places are visited before one comes again; of a size that
 * neither a few connections nor a few requests lead back to the same place. */
#define REQUEST_STEP    UINT32_C(40503)
#define CONNECTION_STEP UINT32_C(101339)

static void echo_prepare(struct workload *load, const struct options *o)
{
    uint64_t state = 1;
    size_t words = (o->payload + WINDOWS + 7) / 8;

    load->message = o->payload;
    load->block = xmalloc(words * 8);
    for (size_t i = 0; i < words; i++) {
        uint64_t word = random_next(&state);
        memcpy(load->block + i * 8, &word, 8);
    }
}

static void echo_init(const struct workload *load, struct exchange *x, uint32_t id)
{
    (void)load;
    x->echo.position = id * CONNECTION_STEP;
}

static void echo_begin(const struct workload *load, struct exchange *x, struct request *q,
                       const char **data, size_t *size)
{
    q->choice = x->echo.position % WINDOWS;
    x->echo.position += REQUEST_STEP;
    *data = load->block + q->choice;
    *size = load->message;
}

static void echo_expect(const struct workload *load, struct exchange *x,
                        const struct request *q)
{
    x->echo.expected = load->block + q->choice;
    x->echo.received = 0;
}

static enum exchange_result echo_feed(struct workload *load, struct exchange *x,
                                      const char **data, const char *end)
{
    size_t n = (size_t)(end - *data);
    if (n > load->message - x->echo.received)
        n = load->message - x->echo.received;
    if (memcmp(*data, x->echo.expected + x->echo.received, n) != 0) {
        x->reason = "a byte came back that was not sent";
        return EXCHANGE_CORRUPT;
    }
    *data += n;
    x->echo.received += n;
    if (x->echo.received < load->message)
        return EXCHANGE_MORE;
    x->reusable = true;
    return EXCHANGE_OK;
}

static enum exchange_result echo_eof(struct workload *load, struct exchange *x)
{
    (void)load;
    x->reason =
        x->echo.received ? "closed in the middle of a message" : "closed before the answer";
    return EXCHANGE_EOF;
}

static void echo_free(struct exchange *x)
{
    (void)x;
}

const struct protocol protocol_echo = {
    .prepare = echo_prepare,
    .init = echo_init,
    .begin = echo_begin,
    .expect = echo_expect,
    .feed = echo_feed,
    .eof = echo_eof,
    .free = echo_free,
};
