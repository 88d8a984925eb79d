"""What the machine is that Bazel runs on."""

_CPUS = {"aarch64": "aarch64", "amd64": "x86_64", "x86_64": "x86_64"}
_SYSTEMS = {"linux": "linux"}

def _host_constraints_impl(rctx):
    constraints = []
    for folder, names, name in [("cpu", _CPUS, rctx.os.arch), ("os", _SYSTEMS, rctx.os.name)]:
        if name in names:
            constraints.append("@platforms//{}:{}".format(folder, names[name]))
    rctx.file("BUILD")
    rctx.file("constraints.bzl", "HOST_CONSTRAINTS = {}\n".format(json.encode(constraints)))

_host_constraints = repository_rule(
    implementation = _host_constraints_impl,
    doc = "The host's constraints as a constant; none for what is not known here, so that nothing is taken for it.",
    local = True,
)

def _host_impl(mctx):
    _host_constraints(name = "host_constraints")
    return mctx.extension_metadata(reproducible = True)

host = module_extension(
    implementation = _host_impl,
    doc = "Finds out what the host is.",
)
