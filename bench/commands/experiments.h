/* The experiments that are no scenario: each has options of its own. */
#ifndef IOM_EXPERIMENTS_H
#define IOM_EXPERIMENTS_H

struct experiment {
    const char *name; /* of `iomodels run NAME`; NULL ends the list */
    const char *question;
    int (*run)(int argc, char **argv); /* with the arguments of "run" but the name */
};

extern const struct experiment experiments[];

/* The experiment that the command line of "run" names, or NULL. Takes the name out of it. */
const struct experiment *experiment_take(int *argc, char **argv);

#endif
