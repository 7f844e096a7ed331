# CPU of the server per request against the sleep of the generator, a mark a window: iomodels run two-speeds.
if (!exists("scripts")) scripts = 'scripts/plots'
if (!exists("models")) models = 'epoll-lt'
if (!exists("point")) point = 64
if (!exists("name")) name = sprintf('two_speeds_%s_%d', models, point)
data = dir.'/windows.csv'
set encoding utf8
set datafile separator ','
font = 'DejaVu Sans'
set border 3 lc rgb '#444444' lw 1
set tics nomirror out scale 0.6 textcolor rgb '#222222'
set grid xtics ytics lt 1 lc rgb '#CFCFCF' lw 0.8 dt 1
set key outside right top Left reverse maxcols 1 samplen 1.5 spacing 1.25 noautotitle
set title sprintf("{/:Bold What a request costs the server, by the sleep of the generator}\n{/*0.75 %s, %d connection%s; each mark is a window}", models, point, point == 1 ? '' : 's')
set xlabel 'share of the window that the generator slept'
set ylabel 'server CPU µs per request'
set xrange [-0.03:1.03]
set yrange [0:*]
conditions = 'sleep spin neighbour idle-server idle-generator'
array text[5] = ['generator sleeps', 'generator spins', 'beside a neighbour', "server's CPU never idle", "generator's CPU never idle"]
array colour[5] = ['#0072B2', '#D55E00', '#777777', '#009E73', '#CC79A7']
array mark[5] = [7, 5, 2, 9, 13]
mine(c) = strcol('model') eq models && column('connections') == point && strcol('condition') eq c
cairo = 'pngcairo'
terminals = strstrt(GPVAL_TERMINALS, cairo) > 0 ? 'png svg' : 'svg'
if (terminals eq 'svg') printerr 'no PNG: this gnuplot has no terminal '.cairo
png = sprintf("set terminal ".cairo." size 1200,675 font '%s,14' background rgb 'white'; set output '%s/plots/%s.png'", font, dir, name)
svg = sprintf("set terminal svg size 960,540 dynamic font '%s,13' background rgb 'white' name 'two_speeds'; set output '%s/plots/%s.svg'", font, dir, name)
do for [terminal in terminals] {
    eval value(terminal)
    plot for [i = 1:5] c = word(conditions, i) data \
        using (mine(c) ? column('generator_slept_fraction') : NaN):(column('server_cpu_us_per_request')) \
        with points pt mark[i] ps 0.9 lc rgb colour[i] title text[i]
    unset output
}
