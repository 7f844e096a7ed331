#include "loadgen/protocol/workload.h"

#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "loadgen/protocol/exchange.h"

static void init_mix(struct workload *load, const struct options *o)
{
    uint32_t *weights = xmalloc(o->url_count * sizeof *weights);

    for (uint32_t i = 0; i < o->url_count; i++)
        weights[i] = o->urls[i].weight;
    mix_init(&load->mix, weights, o->url_count);
    free(weights);
}

/* Is the answer to be what was sent? So it is at /echo of our servers, and --body says otherwise
 * where it is not. */
static bool comes_back(const struct options *o, const char *target)
{
    static const char path[] = "/echo";
    size_t n = strcspn(target, "?");

    return o->data && !o->null && !o->body_given && strcmp(o->method, "POST") == 0 &&
           n == sizeof path - 1 && memcmp(target, path, n) == 0;
}

void workload_init(struct workload *load, const struct options *o)
{
    *load = (struct workload){
        .protocol = o->url.protocol == URL_HTTP ? &protocol_http : &protocol_echo,
        .targets = xcalloc(o->url_count, sizeof *load->targets),
        .target_count = o->url_count,
        .seed = o->seed,
    };
    for (uint32_t i = 0; i < o->url_count; i++) {
        body_reference_init(&load->targets[i].body, o->body_rule);
        /* Once: from a pipe it cannot be read again. */
        if (o->body && i == 0)
            body_reference_read(&load->targets[i].body, o->body);
        else if (o->body)
            body_reference_copy(&load->targets[i].body, &load->targets[0].body);
        else if (comes_back(o, o->urls[i].target))
            body_reference_sent(&load->targets[i].body, o->data, o->data_size);
    }
    if (o->url_count > 1)
        init_mix(load, o);
    load->protocol->prepare(load, o);
}

void workload_free(struct workload *load)
{
    for (uint32_t i = 0; i < load->target_count; i++)
        free(load->targets[i].request);
    free(load->targets);
    free(load->block);
    mix_free(&load->mix);
}
