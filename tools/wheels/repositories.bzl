"""Wheels from requirements.lock: `@wheels//:NAME` for the platform that is built for, one repository a wheel, and for machine code one an architecture.

No index's host is written down: the repository cache answers by digest, and on a miss pip asks the index that this machine is set to.
"""

load("//tools/platforms:platforms.bzl", "ARCHITECTURES", "host_architecture")
load("//tools/python:repositories.bzl", "compile_python")
load("//tools/repository_cache:defs.bzl", "from_cache", "into_cache")

# Stands for an architecture in the names of wheels without machine code.
_ANY = "any"

# What pip calls the machine of each.
_MACHINES = {"amd64": "x86_64", _ANY: "x86_64", "arm64": "aarch64"}
_PIP_OPTIONS = "//tools/wheels:pip_options.json"
_RENEW = "`bazel run //tools/wheels:update`"

def normalize(name):
    """Spells a project's name as a target's."""
    return name.lower().replace("-", "_").replace(".", "_")

def _requested(text):
    lines = [line.split("#")[0].strip() for line in text.split("\n")]
    return [normalize(line.split("=")[0].split("[")[0].strip()) for line in lines if line]

def _read_lock(text):
    """Reads `name==version --hash=sha256:… [--hash=sha256:…]  # via a, b` lines: one hash, or amd64's and arm64's."""
    wheels = {}
    for line in text.split("\n"):
        if not line or line.startswith("#"):
            continue
        requirement, _, via = line.partition("  # via ")
        words = requirement.split(" ")
        name, _, version = words[0].partition("==")
        hashes = [word.removeprefix("--hash=sha256:") for word in words[1:]]
        wheels[normalize(name)] = struct(
            name = name,
            version = version,
            sha256 = dict(zip(ARCHITECTURES, hashes) if len(hashes) > 1 else [(_ANY, hashes[0])]),
            via = [normalize(parent) for parent in via.split(", ")],
        )
    return wheels

def declare_wheels(name, lock):
    """Declares a repository a locked wheel, `wheel_<architecture or any>_<project>`, and one of aliases to them.

    Args:
      name: what the repository of aliases is called.
      lock: the text of requirements.lock.
    """
    locked = _read_lock(lock)
    for project, wheel in locked.items():
        for architecture, sha256 in wheel.sha256.items():
            _wheel(
                name = "wheel_{}_{}".format(architecture, project),
                architecture = architecture,
                project = wheel.name,
                requires = [child for child, other in locked.items() if project in other.via],
                sha256 = sha256,
                version = wheel.version,
            )
    _wheels(name = name, projects = {
        project: "@wheel_{}_{}".format(_ANY if _ANY in wheel.sha256 else "{}", project)
        for project, wheel in locked.items()
    })

def _wheels_impl(rctx):
    build = [
        'load("@//tools/platforms:platforms.bzl", "by_architecture")',
        'load("@//tools/wheels:defs.bzl", "unlocked")',
        'package(default_visibility = ["//visibility:public"])',
    ]
    for project, repository in rctx.attr.projects.items():
        build.append('alias(name = "{}", actual = by_architecture("{}"))'.format(project, repository + "//:wheel"))
    for project in _requested(rctx.read(rctx.attr.requirements)):
        if project not in rctx.attr.projects:
            build.append('unlocked(name = "{}")'.format(project))
    build.append('filegroup(name = "archives", srcs = by_architecture({}))'.format(
        json.encode([repository + "//:whl" for repository in rctx.attr.projects.values()]),
    ))
    rctx.file("BUILD.bazel", "\n".join(build) + "\n")

_wheels = repository_rule(
    implementation = _wheels_impl,
    doc = "An alias a locked wheel, and the files of all (`:archives`).",
    attrs = {
        "projects": attr.string_dict(doc = "The locked projects, spelt as targets, each with its repository, which has `{}` in the place of an architecture."),
        "requirements": attr.label(doc = "The request that the lock answers.", default = "//tools/wheels:requirements.in"),
    },
)

def _python(rctx):
    return rctx.path(Label("@python_{}//:root/usr/bin/python3".format(host_architecture(rctx.os))))

def _download(rctx, python, output):
    sha256 = rctx.attr.sha256
    if from_cache(rctx, output, sha256 = sha256):
        return
    pip = [path for path in python.dirname.dirname.get_child("share/python-wheels").readdir() if path.basename.startswith("pip-")][0]
    requirement = "{}=={} --hash=sha256:{}\n".format(rctx.attr.project, rctx.attr.version, sha256)
    rctx.file("requirements.txt", requirement)
    command = [python, "{}/pip".format(pip), "download", "--quiet", "--dest", "pip", "--no-deps", "--require-hashes"]
    command += [option.replace("{machine}", _MACHINES[rctx.attr.architecture]) for option in json.decode(rctx.read(Label(_PIP_OPTIONS)))]
    result = rctx.execute(command + ["--requirement", "requirements.txt"], timeout = 600)
    if result.return_code:
        fail("{}=={} can't be had from the index that pip is set to here; if it is gone, renew the lock with {}.\n{}".format(
            rctx.attr.project,
            rctx.attr.version,
            _RENEW,
            result.stderr.strip(),
        ))
    (file,) = rctx.path("pip").readdir()
    into_cache(rctx, file, output, sha256 = sha256)
    rctx.delete("pip")
    rctx.delete("requirements.txt")

def _file_name(rctx):
    (metadata,) = [path for path in rctx.path("site").readdir() if path.basename.endswith(".dist-info")]
    tags = [line.removeprefix("Tag: ").strip() for line in rctx.read(metadata.get_child("WHEEL")).split("\n") if line.startswith("Tag: ")]
    parts = [tag.split("-") for tag in tags]
    return "-".join([metadata.basename.removesuffix(".dist-info")] + [
        ".".join({part[column]: None for part in parts}.keys())
        for column in range(3)
    ]) + ".whl"

def _wheel_impl(rctx):
    python = _python(rctx)  # first of all: this rule starts again where the interpreter is not unpacked yet
    archive = "wheel.zip"  # extract() goes by the extension
    _download(rctx, python, archive)
    rctx.extract(archive, "site")
    compile_python(rctx, python, rctx.path("."), rctx.path("site"))
    name = _file_name(rctx)
    moved = rctx.execute(["mv", archive, name])
    if moved.return_code:
        fail("{} can't be called {}: {}".format(archive, name, moved.stderr.strip()))
    rctx.file("BUILD.bazel", """load("@//tools/wheels:defs.bzl", "wheel_library")

package(default_visibility = ["//visibility:public"])

exports_files(["{file}"])

alias(name = "whl", actual = "{file}")

wheel_library(
    name = "wheel",
    srcs = glob(["site/**"], exclude = ["**/*.pyc"]),
    bytecode = glob(["site/**/__pycache__/*.cpython-313.pyc"], allow_empty = True),
    root = "site",
    deps = {deps},
)
""".format(
        file = name,
        deps = json.encode(["@wheels//:" + child for child in rctx.attr.requires]),
    ))

_wheel = repository_rule(
    implementation = _wheel_impl,
    doc = "One wheel for one architecture: the file (`:whl`) and its unpacked, importable content.",
    attrs = {
        "architecture": attr.string(doc = "amd64, arm64, or any.", mandatory = True),
        "project": attr.string(doc = "The project's name on the index.", mandatory = True),
        "version": attr.string(doc = "The pinned version.", mandatory = True),
        "sha256": attr.string(doc = "The wheel's digest.", mandatory = True),
        "requires": attr.string_list(doc = "Names of the wheels that it requires."),
    },
    environ = ["PIP_INDEX_URL", "PIP_CONFIG_FILE"],
)
