#!/bin/sh
# Starts this environment's interpreter through its own loader, as if this script were the interpreter itself.
case $0 in /*) self=$0 ;; *) self=$PWD/$0 ;; esac
usr=${self%/bin/*}/interpreter
for loader in "$usr"/lib/*-linux-gnu/ld-linux-*; do :; done
exec "$loader" --argv0 "$self" --library-path "${loader%/*}" "$usr/bin/python3.13" "$@"
