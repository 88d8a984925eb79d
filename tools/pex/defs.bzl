"""Programs as one file that any Python from 3.9 on runs.

`pex` packs a program, `pex_binary` puts its version in, as in `//tools/pex/example`.
"""

load("//tools/pex/private:pex.bzl", _pex = "pex")
load("//tools/pex/private:pex_binary.bzl", _pex_binary = "pex_binary")

pex = _pex
pex_binary = _pex_binary
