"""Starts a self-contained program, as its first module: sets right what the runtime needs before.

The head starts it as `__main__.pyc ENTRY KIND NAME [ARGUMENT]...`, from the folder that the program was unpacked to.
ENTRY is
`module:function`, and all that it knows of the program. Every start runs it: it imports modules that are part of
the interpreter alone, and so not even `os`, which costs 2 ms.
"""

import fcntl
import posix
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

UNUSED = 14 * 86400  # seconds after which a part is pruned
PRUNE_EVERY = 86400

# Where Debian's OpenSSL looks, then where other systems keep the same.
_OPENSSL = ("/usr/lib/ssl/cert.pem", "/usr/lib/ssl/certs/ca-certificates.crt")
_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Alpine, Arch
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora, RHEL
    "/etc/ssl/ca-bundle.pem",  # openSUSE
    "/etc/ssl/cert.pem",
    "/etc/pki/tls/cert.pem",
)


def main() -> int:
    """Runs the function ENTRY and returns its status."""
    _, entry, kind, *sys.argv = sys.argv
    program = __file__.rpartition("/")[0]
    folder = program.rpartition("/")[0]
    sys.path.insert(0, program)
    for name, value in corrections(posix.environ, f"{program}/certifi/cacert.pem", _exists).items():
        _set(name, value)
    if kind == "cache":
        hold([program, sys.prefix])
        prune_daily(folder, time.time())
    else:
        remove_at_end(folder)
    module, _, function = entry.partition(":")
    __import__(module)
    status: int = getattr(sys.modules[module], function)()
    return status


def corrections(
    environment: "dict[bytes, bytes]", bundled: str, exists: "Callable[[str], bool]"
) -> "dict[bytes, bytes | None]":
    """Returns what to change in the environment; None takes a variable out.

    LD_PRELOAD, which the head keeps from this interpreter's own libc, is given back to the programs that it starts.
    OpenSSL is pointed to the host's certificates where it would not find them, and to the file `bundled` where there are
    none; SSL_CERT_FILE and SSL_CERT_DIR come first if they are set.
    """
    changes: dict[bytes, bytes | None] = {}
    if b"VIBERUN_LD_PRELOAD" in environment:
        changes = {b"VIBERUN_LD_PRELOAD": None, b"LD_PRELOAD": environment[b"VIBERUN_LD_PRELOAD"]}
    if not (b"SSL_CERT_FILE" in environment or b"SSL_CERT_DIR" in environment or any(map(exists, _OPENSSL))):
        bundle = next(filter(exists, (*_BUNDLES, bundled)), None)
        if bundle is not None:
            changes[b"SSL_CERT_FILE"] = bundle.encode(errors="surrogateescape")
    return changes


def _exists(path: str) -> bool:
    return posix.access(path, posix.R_OK)


def _set(name: bytes, value: "bytes | None") -> None:
    """For C, and for `os.environ`, which is made from this copy when `os` is imported."""
    if value is None:
        posix.unsetenv(name)
        del posix.environ[name]
    else:
        posix.putenv(name, value)
        posix.environ[name] = value


def hold(parts: list[str]) -> None:
    """Keeps `parts` from being pruned for as long as this process, or one forked from it, lives: by a shared lock."""
    for part in parts:
        try:  # noqa: SIM105, contextlib is slow to import
            fcntl.flock(posix.open(f"{part}/used", posix.O_RDONLY | posix.O_CLOEXEC), fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:  # a file system without locks; or the part was pruned this very moment
            pass


def prune_daily(cache: str, now: float) -> None:
    """Prunes the folder `cache` if that was not done for a day. What fails is left for another day."""
    stamp = f"{cache}/pruned"
    try:
        if now - posix.stat(stamp).st_mtime < PRUNE_EVERY:
            return
    except FileNotFoundError:
        pass
    try:
        posix.close(posix.open(stamp, posix.O_WRONLY | posix.O_CREAT | posix.O_CLOEXEC, 0o600))
        posix.utime(stamp, (now, now))
        prune(cache, now)
    except OSError:
        pass


def prune(cache: str, now: float) -> None:
    """Removes from `cache` the parts that nobody used for UNUSED seconds before `now` (since the epoch) and nobody runs.

    Moved aside first, in one step: who starts meanwhile finds the whole part or none, and unpacks it then.
    """
    import os
    import shutil

    aside = f"{cache}/.new.{os.getpid()}"  # which the head removes if this process dies
    for name in os.listdir(cache):
        if not name.startswith(("program-", "runtime-")):
            continue
        try:
            used = os.open(f"{cache}/{name}/used", os.O_RDONLY)
        except OSError:
            continue
        try:
            fcntl.flock(used, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if now - os.fstat(used).st_mtime >= UNUSED:
                os.makedirs(aside, mode=0o700, exist_ok=True)
                os.rename(f"{cache}/{name}", f"{aside}/{name}")
                if now - os.fstat(used).st_mtime < UNUSED:  # somebody started it between the two looks
                    os.rename(f"{aside}/{name}", f"{cache}/{name}")
        except OSError:
            pass  # it runs
        finally:
            os.close(used)
    shutil.rmtree(aside, ignore_errors=True)


def remove_at_end(folder: str) -> None:
    """Has `folder` removed when this process, and all that is forked from it, ended, however that happens.

    A process that is not this one's child waits for the end of a pipe. An orderly end waits until the folder is gone,
    but not for forked processes that live on.
    """
    import atexit
    import os
    import select

    ended, alive = os.pipe()
    reported, report = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if os.fork() == 0:
                _remove(folder, ended, report)
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    os.close(ended)
    os.close(report)
    process = os.getpid()

    def wait() -> None:
        os.close(alive)
        if os.getpid() == process and select.select([reported], [], [], 1)[0]:
            while os.read(reported, 64):
                pass

    atexit.register(wait)


def _remove(folder: str, ended: int, report: int) -> None:
    """Removes `folder` at the end of the pipe `ended`, and holds nothing open meanwhile that is the caller's."""
    import contextlib
    import os
    import shutil

    os.setsid()  # out of the group of terminal and caller, whose signals are not for this process
    os.dup2(ended, 0)
    os.dup2(report, 1)
    os.closerange(2, 1024)
    os.read(0, 1)
    with contextlib.suppress(BrokenPipeError):  # where nobody waits: it was killed
        os.write(1, b"all ended")
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
