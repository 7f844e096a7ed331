#include "bench/base/system_calls.h"

#define SYSTEM_CALL_NAME(id, name) name,
const char *const system_call_names[] = {SYSTEM_CALLS(SYSTEM_CALL_NAME)};
