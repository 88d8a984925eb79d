"""The one file of a target, where an attribute holds several targets."""

def single_file(target):
    """Returns the file, or folder, that a target makes; fails unless that is exactly one.

    Args:
      target: the target.

    Returns:
      a File.
    """
    files = target[DefaultInfo].files.to_list()
    if len(files) != 1:
        fail("{} makes {} files, and one is wanted".format(target.label, len(files)))
    return files[0]
