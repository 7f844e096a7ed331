# The one style of all pictures. A script sets `name`'s default, loads this, says what its axes are and
# plots. The driver has made the data, DIR/plots/NAME.tsv, and gives what stands on the picture:
#
#   dir         the run directory
#   scripts     where this file is
#   name        of the files: DIR/plots/NAME.tsv is read, NAME.svg and NAME.png are written
#   title       the finding, conditions, note: text of one or several lines
#
# A script by hand draws its picture again, with the names in the data and without these texts:
#     gnuplot -d -e "dir='results/reference/models'; name='ranking_http'" scripts/plots/ranking.gp

if (!exists("conditions")) conditions = ''
if (!exists("note")) note = ''
# A path for the shell, whatever is in it but a single quote (which no string here could hold).
quoted(path) = "'".path."'"

set encoding utf8
set datafile commentschars ''

# A name as text of a picture, without the meaning that gnuplot's enhanced text gives some characters;
# and as the text of a tic, which is a format besides.
plain(s) = strlen(s) == 0 ? '' : (strstrt('{}^_@&~\', s[1:1]) > 0 ? '\' : '').s[1:1].plain(s[2:*])
# The name of `plot with labels` with number `i` among names, which are separated by spaces: a backslash
# is lost on the way, and another where gnuplot reads it from the data; without names `s` of the data.
in_label(names, i, s) = backslashes_twice(plain(names eq '' ? s : word(names, int(i))))
backslashes_twice(s) = strlen(s) == 0 ? '' : s[1:1].(s[1:1] eq '\' ? '\' : '').backslashes_twice(s[2:*])
in_tic(s) = strlen(s) == 0 ? '' : s[1:1].(s[1:1] eq '%' ? '%' : '').in_tic(s[2:*])

if (!exists("title")) title = plain(name)

# --- Colours -------------------------------------------------------------------------------------
# After Okabe and Ito, "Color Universal Design" (2008), which remain distinct with the common kinds of
# colour blindness. One colour a family of servers, the same in every picture: families.csv has them,
# some of them a little darker, to be told from white and from one another.
black = '#000000'; grey = '#777777'; orange = '#E69F00'; sky = '#56B4E9'; green = '#009E73'
blue = '#0072B2'; red = '#D55E00'; pink = '#CC79A7'; brown = '#8C510A'; violet = '#6A3D9A'
behind = '#C9C9C9' # lines that are there for comparison

family_names = ' '
family_colours = ''
set datafile separator ','
stats scripts.'/families.csv' skip 1 using \
    (family_names = family_names.strcol(1).' ', family_colours = family_colours.strcol(3)[2:7].' ', 0) nooutput
colour_of(family) = '#'.word(family_colours, words(family_names[1:strstrt(family_names, ' '.family.' ')]) + 1)
rgb_of(family) = int(real('0x'.colour_of(family)[2:7]))
set datafile separator "\t"

# Filled marks of gnuplot; each has its hollow twin one number before it.
square = 5; circle = 7; up = 9; down = 11; diamond = 13; pentagon = 15

# --- Paper ---------------------------------------------------------------------------------------
font = 'DejaVu Sans'
set border 3 lc rgb '#444444' lw 1
set tics nomirror out scale 0.6 textcolor rgb '#222222'
set grid xtics ytics lt 1 lc rgb '#DADADA' lw 0.8 dt 1
set key outside right top Left reverse maxcols 1 samplen 2.5 spacing 1.25 noautotitle
set bars 0.5
set style textbox noborder

connections(n) = sprintf('%d connection%s', n, n == 1 ? '' : 's')

# --- What stands above and below -----------------------------------------------------------------
# Both terminals have the geometry of the SVG, 960 wide and `height` high; a script leaves `above`
# at the top and `below` at the bottom, in the same unit.
lines_of(s) = s eq '' ? 0 : 1 + strlen(s) - strlen(joined(s))
joined(s) = strstrt(s, "\n") > 0 ? s[:strstrt(s, "\n") - 1].joined(s[strstrt(s, "\n") + 1:*]) : s
bold(s) = strstrt(s, "\n") > 0 ? '{/:Bold '.s[:strstrt(s, "\n") - 1]."}\n".bold(s[strstrt(s, "\n") + 1:*]) : '{/:Bold '.s.'}'
above = 18 + 21 * lines_of(title) + 14 * lines_of(conditions)
below = note eq '' ? 6 : 12 + 14 * lines_of(note)
headline = "\
set label 101 bold(title) at screen 0.0125, screen 1 - 17.0 / height left font font.',14' textcolor rgb '#111111'; \
set label 102 conditions at screen 0.0125, screen 1 - (17.0 + 21 * lines_of(title)) / height left font font.',10' textcolor rgb '#555555'; \
set label 103 note at screen 0.0125, screen (14.0 * lines_of(note) - 2) / height left font font.',10' textcolor rgb '#555555'"

# Both files, one after the other. A gnuplot without cairo draws the SVG alone, and says so.
cairo = 'pngcairo'
terminals = strstrt(GPVAL_TERMINALS, cairo) > 0 ? 'png svg' : 'svg'
if (terminals eq 'svg') printerr 'no PNG: this gnuplot has no terminal '.cairo
height = 540
png = "eval sprintf(\"set terminal ".cairo." size 1200,%d fontscale 1.25 linewidth 1.25 pointscale 1.25 font '%s,13' background rgb 'white'; set output '%s/plots/%s.png'\", height * 5 / 4, font, dir, name)"
svg = "eval sprintf(\"set terminal svg size 960,%d dynamic font '%s,13' background rgb 'white' name '%s'; set output '%s/plots/%s.svg'\", height, font, name, dir, name)"
