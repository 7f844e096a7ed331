# A figure of each client as a dot: as first written, and tuned.
# The driver gives lines (rows of the data), x_title, unit (behind each label of the axis) and best, where the
# best that can be is; 0: nowhere.
if (!exists("scripts")) scripts = 'scripts/plots'
if (!exists("name")) name = 'crawl_time'
load scripts.'/style.gp'
data = dir.'/plots/'.name.'.tsv'
set datafile separator "\t"
if (!exists("lines")) stats data skip 1 using 0 nooutput; lines = int(STATS_records); x_title = ''; unit = ''; best = 0
# A row of the data: 1 client, 2 figure as first written, 3 tuned; one may be empty. Below the best time is a
# client as first written that makes more at once than the others may.
stats data skip 1 using (strcol(2) eq '' ? column(3) : strcol(3) eq '' ? column(2) : column(2) < column(3) ? column(2) : column(3)) nooutput
low = (best > 0 && STATS_min > best ? best : STATS_min) * 0.8
stats data skip 1 using (strcol(2) eq '' ? column(3) : strcol(3) eq '' ? column(2) : column(2) > column(3) ? column(2) : column(3)) nooutput
high = STATS_max * 1.3 > low * 2.5 ? STATS_max * 1.3 : low * 2.5

height = above + below + 84 + 20 * lines
set logscale x 10
set xrange [low:high]
set yrange [lines + 0.5:0.5]
unset ytics
set grid noytics
unset key
set border 1
unset xtics
do for [decade = -4:7] { do for [step in '1 2 5'] { \
    tic = real(step) * 10.0 ** decade; \
    if (tic > low && tic < high) { set xtics add (sprintf('%g%s', tic, unit) tic) } } }
set xtics nomirror font font.',10'
set xlabel x_title font font.',10'
if (best > 0) { set arrow 1 from best, 0.5 to best, lines + 0.5 nohead lc rgb '#444444' lw 1 dt 2 }
dot(c) = strcol(c) eq '' ? NaN : column(c)
do for [terminal in terminals] {
    eval value(terminal)
    eval headline
    set lmargin at screen 0.19
    set rmargin at screen 0.97
    set tmargin at screen 1 - (above + 12.0) / height
    set bmargin at screen (below + 58.0) / height
    plot data skip 1 using (dot(2)):($0 + 1):(dot(3) - dot(2)):(0) with vectors nohead lc rgb behind lw 2, \
        data skip 1 using (dot(2)):($0 + 1) with points pt 6 ps 1 lw 1.6 lc rgb red, \
        data skip 1 using (dot(3)):($0 + 1) with points pt 7 ps 1 lc rgb blue, \
        data skip 1 using (low):($0 + 1):(plain(strcol(1))) with labels right offset character -1, 0 font font.',10'
    unset output
}
