#!/bin/sh
# In the place of gnuplot, where a test is not about pictures: each is there, and shows nothing.
# It is called as: gnuplot -d -e SETTINGS SCRIPT.
[ -r "$4" ] && [ -r "${4%/*}/style.gp" ] || exit 1
name=${3#*name=\'}
printf '<svg>\n</svg>\n' >"plots/${name%%\'*}.svg"
