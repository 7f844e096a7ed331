/* The subcommands of iomodels. Each gets its own arguments, argv[0] being its name, and returns
 * the exit status. */
#ifndef IOM_COMMANDS_H
#define IOM_COMMANDS_H

#include <stdbool.h>

int command_run(int argc, char **argv);
int command_duel(int argc, char **argv);
int command_crawl(int argc, char **argv);
int command_scale(int argc, char **argv);
int command_list(int argc, char **argv);
int command_machine(int argc, char **argv);
int command_serve(int argc, char **argv);
int command_plot(int argc, char **argv);
int command_report(int argc, char **argv);
int command_open(int argc, char **argv);
int command_profile(int argc, char **argv);
int command_trace(int argc, char **argv);
int command_explain(int argc, char **argv);
int command_predict(int argc, char **argv);

/* `iomodels run two-speeds`, `run crash`, `run hog`, `run slow-clients`: with the arguments of
 * "run" but that word. */
int command_two_speeds(int argc, char **argv);
int command_crash(int argc, char **argv);
int command_hog(int argc, char **argv);
int command_slow_clients(int argc, char **argv);

/* Whether `iomodels run NAME` measures several scenarios. */
bool run_is_of_several(const char *name);

/* `iomodels run all`, `run first-look`, with the arguments of "run" and what they say. */
struct run_options;
int command_run_all(int argc, char **argv, const struct run_options *o);
int command_compare(int argc, char **argv);
int command_merge(int argc, char **argv);
int command_verify(int argc, char **argv);
int command_history(int argc, char **argv);
int command_check(int argc, char **argv);
int command_replay(int argc, char **argv);
int command_lesson(int argc, char **argv);

#endif
