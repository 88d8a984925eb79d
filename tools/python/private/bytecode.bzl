"""Compiles Python where it is unpacked, so that no process has to do it again."""

visibility("//tools/python/...")

def compile_python(rctx, python, root, folder):
    """Writes a pyc of every source below `folder`: one after the other and by paths below `root`, so the same bytes on every machine.

    Args:
      rctx: the context of the repository that owns the folder.
      python: path of a pinned interpreter that runs here.
      root: path of the folder that stands for `/` in what is compiled.
      folder: path of the folder to compile, at or below `root`.
    """
    result = rctx.execute([python, "-I", "-S", "-B", "-m", "compileall", "-q", "-f", "--invalidation-mode", "unchecked-hash"] +
                          ["-s", root, "-p", "/", folder])
    if result.return_code:
        fail("{}: {} does not compile: {}".format(rctx.name, folder, result.stdout + result.stderr))
