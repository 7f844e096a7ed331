# How much faster so many workers are than one: a line for each kind of pool. Whoever draws gives kinds (how
# many) and cpus; the data has a block for each kind, its name on the first line.
if (!exists("scripts")) scripts = 'scripts/plots'
if (!exists("name")) name = 'gil'
load scripts.'/style.gp'
data = dir.'/plots/'.name.'.tsv'
set datafile separator "\t"
# A row of the data: 1 workers, 2 times one worker, 3 low, 4 high.
stats data using 1:4 nooutput
kinds = int(STATS_blocks)
if (!exists("cpus")) cpus = 1
most = STATS_max_y
set logscale x 2
set logscale y 2
set xrange [0.9:STATS_max_x * 1.1]
set yrange [0.5:most * 1.4]
set xlabel 'workers' font font.',10'
set ylabel 'jobs a second, times those of one worker' font font.',10'
set arrow 1 from 0.9, cpus to STATS_max_x * 1.1, cpus nohead lc rgb '#444444' lw 1 dt 2
set label 1 sprintf('%d CPU%s', cpus, cpus == 1 ? '' : 's') at 0.93, cpus offset 0, 0.6 font font.',10'
tint(i) = word('blue red green orange pink sky brown violet', 1 + i % 8)
sign(i) = int(word('7 5 9 11 13 6 4 8', 1 + i % 8))
set key at graph 1.03, graph 1 left top Left reverse font font.',11'
height = 540
do for [terminal in terminals] {
    eval value(terminal)
    eval headline
    set lmargin at screen 0.08
    set rmargin at screen 0.68
    set tmargin at screen 1 - (above + 14.0) / height
    set bmargin at screen (below + 58.0) / height
    plot for [i = 0:kinds - 1] data index i using 1:2:3:4 every ::1 with yerrorbars lc rgb value(tint(i)) pt sign(i) ps 0.9 notitle, \
        for [i = 0:kinds - 1] data index i using 1:2 with linespoints lc rgb value(tint(i)) pt sign(i) ps 0.9 lw 2 title columnheader(1)
    unset output
}
