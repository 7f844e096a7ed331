#include "bench/lesson/known.h"

#include "bench/lesson_files.h"

const struct lesson_file lesson_files[] = {
    {"iterative", "01-iterative.lesson", file_01_iterative_lesson},
    {"processes", "02-processes.lesson", file_02_processes_lesson},
    {"pools", "03-pools.lesson", file_03_pools_lesson},
    {"busy", "04-busy.lesson", file_04_busy_lesson},
    {"select", "05-select.lesson", file_05_select_lesson},
    {"edges", "06-edges.lesson", file_06_edges_lesson},
    {"completions", "07-completions.lesson", file_07_completions_lesson},
    {"coroutines", "08-coroutines.lesson", file_08_coroutines_lesson},
    {"open-loop", "09-open-loop.lesson", file_09_open_loop_lesson},
    {"reading", "10-reading.lesson", file_10_reading_lesson},
    {0},
};
