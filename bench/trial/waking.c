#include "bench/trial/waking.h"

#include <math.h>

#include "bench/base/json_get.h"

double waking_cost_ns(const json_t *unit_costs)
{
    const json_t *costs = json_object_get(unit_costs, "costs");
    return json_number(costs, "wake_cross_cpu", "ns");
}

double waking_share(double wakings, double cost_ns, double cpu_ns)
{
    return cpu_ns > 0 ? wakings * cost_ns / cpu_ns : NAN;
}
