# The pairs of a duel: the ratio of A's figure to B's, a small mark a pair, a
# large one a session. The band is the interval of the ratio, the dotted lines are the margin.
# `iomodels duel --plot` gives a, b (the sides), what (the figure), low, middle, high (the ratio),
# margin (a log ratio) and sessions; DIR/duel.tsv has the pairs.
if (!exists("scripts")) scripts = 'scripts/plots'
load scripts.'/style.gp'
pairs = dir.'/duel.tsv'
set datafile separator "\t"
of(kind) = stringcolumn(1) eq kind ? column(3) : NaN

set title sprintf("{/:Bold %s / %s}\n{/*0.75 %s; %s, %s; 1: no difference}", \
    plain(a), plain(b), what, protocol, connections(point)) left
set xlabel 'session: a start of both servers'
set xrange [0.3:sessions + 0.7]
set offsets 0, 0, graph 0.05, graph 0.05
set format y '%.2f'
set key outside right top
if (low > 0 && high > low) \
    set object 1 rectangle from graph 0, first low to graph 1, first high behind \
        fillcolor rgb sky fillstyle solid 0.35 noborder
label = low > 0 ? sprintf('%.3f [%.3f–%.3f]', middle, low, high) : sprintf('%.3f', middle)
set arrow 1 from graph 0, first 1 to graph 1, first 1 nohead lc rgb black lw 1
set arrow 2 from graph 0, first exp(margin) to graph 1, first exp(margin) nohead lc rgb black dt 3
set arrow 3 from graph 0, first exp(-margin) to graph 1, first exp(-margin) nohead lc rgb black dt 3
do for [terminal in terminals] {
    eval value(terminal)
    plot pairs skip 1 using 2:(of('pair')) with points pt circle ps 0.5 lc rgb grey title 'pair', \
        '' skip 1 using 2:(of('session')) with points pt diamond ps 1.2 lc rgb blue title 'session', \
        middle with lines lc rgb blue lw 1.5 title label
    unset output
}
