# The predictions of a group: for each lesson what everybody predicted, as a multiple of what that
# person measured, on a logarithmic axis; 1 is as measured. Colour and shape say the mark. The grey bars
# are the intervals of the measurements. `iomodels lesson --board` gives edge (what lies further away is
# drawn there); DIR/lessons.tsv has the results.
if (!exists("scripts")) scripts = 'scripts/plots'
if (!exists("edge")) edge = 32
name = 'lessons'
load scripts.'/style.gp'
data = dir.'/lessons.tsv'
of_data = "LC_ALL=C awk -F'\t' 'NR > 1 %s' ".quoted(data)
last = int(system(sprintf(of_data, "{ n = $2 } END { print n + 0 }")))
people = int(system(sprintf(of_data, "&& !seen[$8]++ { n++ } END { print n + 0 }")))
names = system(sprintf(of_data, "&& !seen[$2]++ { print $1 }"))

set title "{/:Bold Predicted, as a multiple of what was measured}\n{/*0.75 1: as measured; grey: the interval of each measurement}"
set logscale y 2
set yrange [1.0 / edge / 1.3:edge * 1.3]
set ytics (sprintf('≤1/%d', int(edge)) 1.0 / edge, '1/16' 1.0 / 16, '1/8' 1.0 / 8, '1/4' 1.0 / 4, '1/2' 0.5, '1' 1, '2' 2, '4' 4, '8' 8, '16' 16, sprintf('≥%d', int(edge)) edge)
set xrange [0.4:last + 0.6]
set xtics () rotate by -30
do for [i = 1:last] { set xtics add (in_tic(plain(word(names, 2 * i - 1).' '.word(names, 2 * i))) i) }
set grid noxtics

marks = '"full" "partial" "far" "wrong side" "cannot tell"'
array colour[5] = [green, orange, grey, red, black]
array shape[5] = [circle, diamond, up, down, square - 1]
of(k, value) = strcol(7) eq word(marks, k) ? value : NaN
set arrow 1 from graph 0, first 1 to graph 1, first 1 nohead lc rgb black lw 1
do for [terminal in terminals] {
    eval value(terminal)
    plot data skip 1 using 3:5:(0):($6 - $5) with vectors nohead lc rgb behind lw 6 title 'measured', \
        for [k = 1:5] data skip 1 using 3:(of(k, column(4))) \
            with points pt shape[k] ps 1.2 lc rgb colour[k] title word(marks, k), \
        data skip 1 using (people > 8 ? NaN : column(3)):4:(in_label('', 0, strcol(8))) \
            with labels left rotate by 30 offset character 0.6, character 0.4 font font.',9' textcolor rgb '#444444'
    unset output
}
