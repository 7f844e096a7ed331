# A figure of several things, a row each, with its interval. Whoever draws gives x_title.
if (!exists("scripts")) scripts = 'scripts/plots'
if (!exists("name")) name = 'echo'
load scripts.'/style.gp'
data = dir.'/plots/'.name.'.tsv'
set datafile separator "\t"
if (!exists("x_title")) x_title = ''
# A row of the data: 1 name, 2 figure, 3 low, 4 high.
stats data skip 1 using 2 nooutput
lines = int(STATS_records)
stats data skip 1 using 3 nooutput
low = STATS_min / 1.5
stats data skip 1 using 4 nooutput
high = STATS_max * 1.5

height = above + below + 84 + 24 * lines
set logscale x 10
set xrange [low:high]
set yrange [lines + 0.5:0.5]
unset ytics
set grid noytics
unset key
set border 1
unset xtics
do for [decade = -6:7] { do for [step in '1 2 5'] { \
    tic = real(step) * 10.0 ** decade; \
    if (tic > low && tic < high) { set xtics add (sprintf('%g', tic) tic) } } }
set xtics nomirror font font.',10'
set xlabel x_title font font.',10'
do for [terminal in terminals] {
    eval value(terminal)
    eval headline
    set lmargin at screen 0.25
    set rmargin at screen 0.97
    set tmargin at screen 1 - (above + 12.0) / height
    set bmargin at screen (below + 58.0) / height
    plot data skip 1 using 2:($0 + 1):3:4 with xerrorbars lc rgb blue pt 7 ps 1 lw 1.6, \
        data skip 1 using (low):($0 + 1):(plain(strcol(1))) with labels right offset character -1, 0 font font.',10'
    unset output
}
