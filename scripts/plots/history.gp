# A model over commits: requests per second, each line by its first run; a line for each service, number
# of connections, machine and kind of figure. `iomodels history --plot` gives model, lines and runs;
# DIR/history.tsv has the lines, each with its title.
if (!exists("scripts")) scripts = 'scripts/plots'
if (!exists("name")) name = 'history'
load scripts.'/style.gp'
data = dir.'/history.tsv'
set datafile separator "\t"
set title sprintf("{/:Bold %s}\n{/*0.75 requests per second, by the first run of each line; bars: spread of the trials}", plain(model)) left
set xrange [-0.5:runs - 0.5]
set xtics rotate by -60 font ',10'
set format y '%.2f'
set key outside right top
tint(i) = word('blue red green orange sky pink black brown violet grey', 1 + i % 10)
svg = sprintf("set terminal svg size 960,540 dynamic font '%s,13' background rgb 'white' name '%s'; set output '%s/plots/%s.svg'", font, name, dir, name)
eval svg
plot \
    for [i = 0:lines - 1] data index i using 1:3:4:5 every ::1 with yerrorbars lc rgb value(tint(i)) pt -1 ps 0 notitle, \
    for [i = 0:lines - 1] data index i using 1:3:xticlabel(2) with linespoints lc rgb value(tint(i)) pt circle ps 0.8 lw 2 dt 1 + i / 10 title columnheader(1), \
    1 with lines lc rgb grey dt 3 notitle
unset output
