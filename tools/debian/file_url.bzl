"""Files of this machine as addresses."""

# What would mean something else in an address, the percent sign first.
_RESERVED = {"%": "%25", " ": "%20", "#": "%23", "?": "%3F"}

def file_url(path):
    """Returns the address of a file (RFC 8089).

    Args:
      path: absolute path, a string or what `rctx.path` gives.

    Returns:
      a string that `rctx.download` takes.
    """
    url = str(path)
    for character, escape in _RESERVED.items():
        url = url.replace(character, escape)
    return "file://" + url
