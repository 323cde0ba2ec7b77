# What process 1 does. The shell tells of commands that fail; those behind ! have to.
echo boot: hello from process 1

# Pipes, waiting, killing.
seq 1000 | sum 500500
seq 2000 | cat | cat | cat | sum 2001000
sleep 20
spin &
kill $!
! wait $!
echo boot: spin was killed, status $?
echo boot: in the background &
wait $!

# Memory.
cow
demand
! hog
echo boot: hog was killed, status $?

# Many.
forks 1000
forks 500 500
bomb 100

# What must not be done.
attack
! there-is-no-such-program

# All is as before; and one spin is left, which has to end with the rest.
spin &
forks 100
