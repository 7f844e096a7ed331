# The story that iomodels trace tells every model. docs/trace.md explains the words.

# A sends half a request and thinks. B comes meanwhile, and is quick.
A connect
A send "GET / HTTP/1.1\r\nHo"
rest
B connect
B get /
B answered or rest
A send "st: a\r\n\r\n"
A answered
A half-close
A ended
A close
B answered
B close

# C asks for much and reads slowly. B comes again.
C connect slow
C get /bytes/6000000
rest
B connect
B get /
B answered or rest
C read 200000
rest
C answered
C close
B answered

# A is a hog: its answer takes 20 ms of CPU. B asks right behind A, and A ends by a reset.
A connect
A get /cpu/20000
B get /
B answered or rest
A answered or rest
B close
A answered
A reset
rest
