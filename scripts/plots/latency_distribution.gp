# Latency of every percentile at one number of connections: all repetitions of a model merged.
if (!exists("scripts")) scripts = 'scripts/plots'
if (!exists("name")) name = 'latency_distribution_'.(exists("protocol") ? protocol : 'http')
load scripts.'/style.gp'
curves = dir.'/plots/latency_distribution_'.protocol.'.tsv'
set datafile separator "\t"
spread = 'all repetitions merged'
set title heading('Latency distribution at '.connections(point))
set logscale x
lowest = real(system("LC_ALL=C awk 'NR > 1 && (!n++ || $3 < m) { m = $3 + 0 } END { print m + 0 }' ".quoted(curves)))
eval y_latency
set xlabel 'percentile'
set ylabel 'latency'
# 1/(1-q): each nine takes the same room.
set xtics ('50 %%' 2, '90 %%' 10, '99 %%' 100, '99.9 %%' 1e3, '99.99 %%' 1e4, \
           '99.999 %%' 1e5, '99.9999 %%' 1e6)
unset mxtics
set xrange [1:]
set autoscale xfixmax
set offsets 0, graph 0.02, 0, 0
# A mark on each curve twice a nine, at other places than its neighbour's.
marked_points = "< LC_ALL=C awk -F'\t' 'NR > 1 { if (!($1 in shift)) shift[$1] = 0.62 * n++ % 1; k = $1 \":\" int(log(1 / (1 - $2)) / log(10) * 2 + shift[$1]); if (!seen[k]++) print }' ".quoted(curves)
do for [terminal in terminals] {
    eval value(terminal)
    plot for [i = 1:words(models)] m = word(models, i) curves skip 1 \
            using (strcol(1) eq m ? 1 / (1 - $2) : NaN):3 with lines ls slot(m, i), \
        for [i = 1:words(models)] m = word(models, i) marked_points \
            using (strcol(1) eq m ? 1 / (1 - $2) : NaN):3 with points ls slot(m, i), \
        for [i = 1:words(models)] m = word(models, i) NaN with linespoints ls slot(m, i) \
            title label_at_point(m)
    unset output
}
