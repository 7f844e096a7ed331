# Draws column `metric` of summary.csv against connections, one line a model, to both files. The
# caller has loaded style.gp and set up its axes; figures are multiplied by `scale`.
eval x_connections
if (rows_of(metric) == 0) eval empty_paper
any_hollow = rows_where(metric, '$9 == 0 && $8 == "generator-limited"')
any_cross = rows_where(metric, '$9 == 1')
low = metric.'_low'
high = metric.'_high'
do for [terminal in terminals] {
    eval value(terminal)
    plot \
        for [i = 1:words(models)] m = word(models, i) summary \
            using (x(m, i)):(line(m, metric)) with lines ls slot(m, i), \
        for [i = 1:words(models)] m = word(models, i) summary \
            using (x(m, i)):(line(m, metric)):(bar(m, low)):(bar(m, high)) \
            with yerrorbars ls 100 + slot(m, i) pt -1 ps 0, \
        for [i = 1:words(models)] m = word(models, i) summary \
            using (x(m, i)):(filled(m, metric)) with points ls slot(m, i), \
        for [i = 1:words(models)] m = word(models, i) summary \
            using (x(m, i)):(hollow(m, metric)) with points ls slot(m, i) ps 1.3 lc rgb 'white', \
        for [i = 1:words(models)] m = word(models, i) summary \
            using (x(m, i)):(hollow(m, metric)) with points ls 100 + slot(m, i), \
        for [i = 1:words(models)] m = word(models, i) summary \
            using (x(m, i)):(cross(m, metric)) with points ls 200 + slot(m, i), \
        for [i = 1:words(models)] NaN with linespoints ls slot(word(models, i), i) \
            title label(word(models, i)), \
        NaN with points pt 6 ps 0.9 lc rgb '#444444' \
            title any_hollow ? 'hollow: generator-limited' : '', \
        NaN with points pt 2 ps 1.1 lw 2.4 lc rgb '#444444' \
            title any_cross ? 'cross: starves connections' : ''
    unset output
}
