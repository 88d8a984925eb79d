"""Files of Bazel's repository cache, for repository rules: found by digest alone, and put in however they were got."""

# What would mean something else in an address, the percent sign first.
_RESERVED = {"%": "%25", " ": "%20", "#": "%23", "?": "%3F"}

def from_cache(rctx, output, **digest):
    """Puts a file of the cache into the repository.

    Args:
      rctx: the repository context.
      output: where to.
      **digest: `sha256` or `integrity`, as rctx.download takes it.

    Returns:
      whether the cache has it.
    """

    # Without any address Bazel looks into its cache, and says nothing where that has no such file.
    return rctx.download([], output, allow_fail = True, **digest).success

def into_cache(rctx, file, output, **digest):
    """Copies a file of this machine into the repository, and into the cache.

    Args:
      rctx: the repository context.
      file: its path.
      output: where to.
      **digest: `sha256` or `integrity`, which it must have.

    Returns:
      what rctx.download does.
    """
    path = str(file)
    for character, escape in _RESERVED.items():
        path = path.replace(character, escape)
    return rctx.download("file://" + path, output, **digest)
