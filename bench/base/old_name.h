/* Old names, which work for one release more. */
#ifndef IOM_OLD_NAME_H
#define IOM_OLD_NAME_H

/* Say on standard error that `old`, which stands in `place`, is now called `now`. */
void old_name(const char *place, const char *old, const char *now);

#endif
