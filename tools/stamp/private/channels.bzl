"""The channels of the product, and the one way to declare targets for each of them."""

visibility("//tools/stamp/...")

CHANNELS = [
    "dev",
    "prod",
]

def _filled(value, channel):
    """Picks what is for the channel, and puts it into a string, or into those of a list or dict."""
    if type(value) == "dict" and sorted(value) == CHANNELS:
        value = value[channel]
    fill = lambda text: text.replace("{channel}", channel) if type(text) == "string" else text
    if type(value) == "list":
        return [fill(part) for part in value]
    if type(value) == "dict":
        return {fill(key): fill(part) for key, part in value.items()}
    return fill(value)

def each_channel(rule, **kwargs):
    """Declares a target for each channel; prod's, which need a tagged commit, only if asked for by name.

    Args:
      rule: the rule or macro.
      **kwargs: its attributes; a dict of CHANNELS holds the value for each; in strings, also of lists and dicts, `{channel}` stands
        for the channel.
    """
    for channel in CHANNELS:
        tags = kwargs.get("tags", []) + (["manual"] if channel == "prod" else [])
        rule(**({name: _filled(value, channel) for name, value in kwargs.items()} | {"tags": tags}))
