# The ladder of a story that a server was told: iomodels trace. Time goes down, a row for each event, not
# to scale. bench/show/ladder.c writes the data, in blocks, and says what is in them.
#
#   rows, clients, lanes    how many there are
if (!exists("name")) name = 'ladder'
if (!exists("dir")) dir = '.'
if (!exists("scripts")) scripts = 'scripts/plots'
load scripts.'/style.gp'
if (!exists("rows")) rows = 60
if (!exists("clients")) clients = 3
if (!exists("lanes")) lanes = 5

data = dir.'/'.name.'.tsv'
pitch_y = 13.0
above = 76 + 18 * (lines_of(title) - 1)
below = 34
height = int(above + pitch_y * (rows + 1) + below)
left = 242.0; right = 330.0
pitch = (960 - left - right) / (lanes + 0.4)
if (pitch > 62) pitch = 62
# Lanes: the kernel is as wide as two, for the queues of all clients are drawn in it.
x(lane) = left + pitch * (lane + (lane > clients ? 0.9 : lane == clients ? 0.45 : 0) + 0.2)
edge(lane, toward) = x(lane) + (lane == clients ? 0.6 * pitch : 4) * (toward > lane ? 1 : -1)
queue_x(client, kind) = x(clients) + pitch * (0.34 * (client - (clients - 1) / 2.0) + (kind == 1 ? 0.1 : -0.06)) * 3.0 / clients
y(row) = above + pitch_y * row
side = x(lanes - 1) + 0.5 * pitch

array shades = [blue, red, green, violet, brown, pink]
# gnuplot asks for the colour of rows that it does not draw, too.
rgb(n) = int(real('0x'.shades[n < 0 || n > 5 ? 1 : int(n) + 1][2:7]))
# The same colour, 65 % of it white.
faint(part) = 255 - int(0.35 * (255 - int(part)))
light(colour) = faint(int(colour) / 65536) * 65536 + faint(int(colour) / 256 % 256) * 256 + faint(int(colour) % 256)

unset border; unset tics; unset grid; unset key
set lmargin 0; set rmargin 0; set tmargin 0; set bmargin 0
set xrange [0:960]
set yrange [height:0]
set style arrow 1 nohead lc rgb '#E4E4E4' lw 0.7
set style arrow 2 head nofilled size screen 0.006,24 lw 1.3 lc rgb variable
set style arrow 3 nohead lc rgb '#999999' lw 0.8
# Bars are thick lines: an SVG has many of them in one element. Where the next plot has the same width as
# the last, gnuplot 5.4 forgets to write it.
set style arrow 4 nohead lc rgb '#444444' lw 8
set style arrow 5 nohead lc rgb '#CFCFCF' lw 7.9
set style arrow 6 nohead lc rgb variable lw 5
set label 101 bold(title) at 12, 17 left font font.',13' textcolor rgb '#111111'
set label 102 'time goes down, a row an event, not to scale; system calls as strace saw them' at 12, 17 + 18 * lines_of(title) left font font.',9' textcolor rgb '#555555'
legend = height - 12
set label 103 'works' at 44, legend left font font.',9' textcolor rgb '#333333'
set label 104 'waits' at 124, legend left font font.',9' textcolor rgb '#333333'
set label 105 'a request lies in the kernel' at 204, legend left font font.',9' textcolor rgb '#333333'
set label 106 'an answer does' at 384, legend left font font.',9' textcolor rgb '#333333'
set object 1 rect from 28, legend - 6 to 36, legend + 6 fc rgb '#444444' fs solid noborder
set object 2 rect from 108, legend - 6 to 116, legend + 6 fc rgb '#CFCFCF' fs solid noborder
set object 3 rect from 190, legend - 6 to 195, legend + 6 fc rgb shades[1] fs solid noborder
set object 4 rect from 370, legend - 6 to 375, legend + 6 fc rgb light(rgb(0)) fs solid noborder
set label 107 'client' at x((clients - 1) / 2.0), above - 22 center font font.',9' textcolor rgb '#555555'
set object 5 rect from x(clients) - 0.6 * pitch, above - 4 to x(clients) + 0.6 * pitch, y(rows + 0.8) fc rgb '#F4F4F4' fs solid noborder behind

do for [terminal in terminals] {
    eval value(terminal)
    plot data index 1 using (column(3) == 1 ? left - 8 : x(column(1)) + 4):(y(column(2))):(column(3) == 1 ? x(column(1)) - left + 8 : side - x(column(1)) - 4):(0) with vectors as 1, \
         data index 0 using (x(column(1))):(column(2) == 0 ? y(0.2) : NaN):(0):(y(rows + 0.7) - y(0.2)) with vectors as 3, \
         data index 2 using (x(column(1))):(column(4) == 0 ? y(column(2)) : NaN):(0):(y(column(3)) - y(column(2))) with vectors as 4, \
         data index 2 using (x(column(1))):(column(4) == 1 ? y(column(2)) : NaN):(0):(y(column(3)) - y(column(2))) with vectors as 5, \
         data index 3 using (queue_x(column(1), column(4))):(y(column(2))):(0):(y(column(3)) - y(column(2))):(column(4) == 0 ? rgb(column(1)) : light(rgb(column(1)))) with vectors as 6, \
         data index 4 using (edge(column(1), column(3))):(y(column(2))):(edge(column(3), column(1)) - edge(column(1), column(3))):(0):(rgb(column(4))) with vectors as 2, \
         data index 0 using (pitch < 54 && column(2) == 2 ? NaN : x(column(1))):(above - 8):(stringcolumn(5)) with labels center noenhanced font font.',9' textcolor rgb '#222222', \
         data index 0 using (pitch < 54 && column(2) == 2 ? x(column(1)) - 2 : NaN):(above - 6):(stringcolumn(5)) with labels left rotate by 40 noenhanced font font.',9' textcolor rgb '#222222', \
         data index 1 using (column(3) == 1 ? 12 : NaN):(y(column(2))):(stringcolumn(6)):(rgb(column(1))) with labels left noenhanced font font.',9' textcolor rgb variable, \
         data index 1 using (column(3) == 0 ? side + 4 : NaN):(y(column(2))):(stringcolumn(6)) with labels left noenhanced font font.',9' textcolor rgb '#222222'
    unset output
}
