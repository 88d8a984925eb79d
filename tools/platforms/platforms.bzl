"""The platforms that programs are built for and build actions run on: Linux for each architecture."""

# Debian's and Go's name of an architecture, which is this project's, with Bazel's.
ARCHITECTURES = {
    "amd64": "x86_64",
    "arm64": "aarch64",
}

def constraints(architecture):
    """Returns the constraints of Linux on an architecture.

    Args:
      architecture: one of ARCHITECTURES.

    Returns:
      labels.
    """
    return [Label("@platforms//os:linux"), Label("@platforms//cpu:" + ARCHITECTURES[architecture])]

def _for(architecture, template):
    if type(template) == "list":
        return [part.replace("{}", architecture) for part in template]
    return template.replace("{}", architecture)

def by_architecture(template):
    """Selects by the platform that is built for; there is none that others fall back to.

    Args:
      template: a label that has `{}` in the place of the architecture, or a list of those.

    Returns:
      what an attribute takes; on any other platform the target that has it is an error.
    """
    return select(
        {
            Label("//tools/platforms:is_linux_" + architecture): _for(architecture, template)
            for architecture in ARCHITECTURES
        },
        no_match_error = "this is built for Linux on {} only".format(" and ".join(ARCHITECTURES)),
    )

def host_architecture(repository_os):
    """Returns the architecture of the machine that Bazel runs on; fails on one that nothing is pinned for.

    Args:
      repository_os: `rctx.os`.

    Returns:
      one of ARCHITECTURES.
    """
    for architecture, cpu in ARCHITECTURES.items():
        if repository_os.arch in (architecture, cpu):
            return architecture
    fail("the build runs on Linux on {} only, and this is {}".format(" and ".join(ARCHITECTURES), repository_os.arch))
