/* Standard output that could not be written is a failure, whatever else went well. */
#ifndef IOM_OUTPUT_H
#define IOM_OUTPUT_H

/* From now on exit(3) and the end of main() close standard output; where that or an earlier write to
 * it failed (a full disk, a closed descriptor), one line on standard error says so and the exit
 * status is 1. */
void output_check_at_exit(void);

#endif
