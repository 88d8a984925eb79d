"""Where a file is among the runfiles."""

visibility("//tools/python/...")

def runfiles_path(ctx, file):
    """Returns the path of `file` below RUNFILES_DIR, as `$(rlocationpath)` gives it.

    Args:
      ctx: the rule's context.
      file: a file of this or another repository.

    Returns:
      a string that begins with the repository's name.
    """
    if file.short_path.startswith("../"):
        return file.short_path.removeprefix("../")
    return "{}/{}".format(ctx.workspace_name, file.short_path)
