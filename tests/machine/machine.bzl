"""What tests outside of the sandbox use of the machine: its programs by their digests, and its kernel.

Such a test passed on one machine at one time. With this file among its inputs its result is asked for again once one of them changes.
"""

# Where those tests look for programs, in the order of their PATH (see //tools/python/private:python_test.bzl).
_FOLDERS = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]

_PROGRAMS = [
    "apt-get",
    "bash",
    "busybox",
    "chroot",
    "containerd",
    "containerd-shim-runc-v2",
    "curl",
    "docker",
    "docker-init",
    "docker-proxy",
    "docker-registry",
    "dockerd",
    "dpkg",
    "git",
    "gzip",
    "ip",
    "iptables",
    "mmdebstrap",
    "mount",
    "nft",
    "npm",
    "nsenter",
    "openssl",
    "python3",
    "qemu-aarch64-static",
    "runc",
    "sh",
    "skopeo",
    "ssh",
    "ssh-keygen",
    "sshd",
    "sudo",
    "tar",
    "tmux",
    "unshare",
    "wget",
    "zsh",
]

def _find(rctx, program):
    """Returns the path of a program, or None; when it changes, goes or comes, the repository is made anew."""
    for folder in rctx.attr.folders:
        path = rctx.path("{}/{}".format(folder, program))
        rctx.watch(path)
        if path.exists:
            return path
    return None

def _output(rctx, command):
    done = rctx.execute(command)
    if done.return_code:
        fail("{}: {} does not run: {}".format(rctx.name, command[0], done.stderr.strip()))
    return done.stdout.strip()

def _machine_impl(rctx):
    paths = {program: _find(rctx, program) for program in rctx.attr.programs}
    digests = {}
    for line in _output(rctx, ["sha256sum", "--"] + [path for path in paths.values() if path]).split("\n"):
        sha256, _, path = line.partition("  ")
        digests[path] = sha256
    rctx.file("BUILD.bazel", 'exports_files(["machine.json"], visibility = ["@//tests/machine:__pkg__"])\n')
    rctx.file("machine.json", json.encode_indent({
        "kernel": _output(rctx, ["uname", "-srm"]),
        "programs": {
            program: {"path": str(path), "sha256": digests[str(path)]} if path else None
            for program, path in paths.items()
        },
    }) + "\n")

machine = repository_rule(
    implementation = _machine_impl,
    doc = "Writes `machine.json`: the kernel and each program's path and sha256, null where there is none. For tests alone.",
    local = True,  # made when Bazel's server starts, as it has to after another kernel was started
    attrs = {
        "folders": attr.string_list(doc = "Where programs are looked for, in order.", default = _FOLDERS),
        "programs": attr.string_list(doc = "The names of the programs.", default = _PROGRAMS),
    },
)
