# Server CPU per request.
if (!exists("scripts")) scripts = 'scripts/plots'
if (!exists("name")) name = 'cpu_per_request_'.(exists("protocol") ? protocol : 'http')
load scripts.'/style.gp'
set title heading('Server CPU per request')
set ylabel 'CPU µs per request, user + kernel'
set yrange [0:*]
metric = 'cpu_us_per_request'
load scripts.'/series.gp'
