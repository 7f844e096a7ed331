/* The machine a run was made on, as JSON. What cannot be found out is null, never an error. */
#ifndef IOM_MACHINE_H
#define IOM_MACHINE_H

#include <jansson.h>

/* The caller owns each. */
json_t *machine_describe(void); /* kernel, CPU, mitigations, governor, memory, load */
json_t *machine_sysctls(void);  /* kernel settings that matter to a server on loopback */
json_t *machine_limits(void);   /* resource limits of this process, "soft" and "hard" */

#endif
