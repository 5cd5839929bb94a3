#!/bin/sh
# Runs a program under valgrind: 9 where it finds something, 77 where there is no valgrind. make makes 2 of every
# failure and prints the number; who needs it runs this.
valgrind=${VALGRIND:-valgrind}
command -v "$valgrind" >/dev/null || { echo "valgrind is not installed" >&2; exit 77; }
exec "$valgrind" --quiet --error-exitcode=9 --fair-sched=yes --leak-check=full \
    --show-leak-kinds=definite,indirect,possible --errors-for-leak-kinds=definite,indirect,possible "$@"
