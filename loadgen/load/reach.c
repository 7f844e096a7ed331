#include "loadgen/load/reach.h"

#include <string.h>
#include <sys/socket.h>

#include "common/err.h"
#include "common/url_reach.h"
#include "loadgen/conn/conns.h"

static void keep_family(struct url *url, int family)
{
    size_t kept = 0;

    for (size_t i = 0; i < url->addr_count; i++)
        if (addr_family(&url->addrs[i]) == family)
            url->addrs[kept++] = url->addrs[i];
    if (kept == 0)
        die_usage("--source: '%s' has no %s address", url->host,
                  family == AF_INET ? "IPv4" : "IPv6");
    url->addr_count = kept;
    url->addr = url->addrs[0];
}

void reach(struct options *o)
{
    char why[URL_REACH_ERROR_MAX];

    if (o->null)
        return;
    if (o->source && o->url.addr_count > 1)
        keep_family(&o->url, strchr(o->source, ':') ? AF_INET6 : AF_INET);
    if (!url_reach(&o->url, CONNECT_LIMIT_NS, why, sizeof why))
        die("%s", why);
}
