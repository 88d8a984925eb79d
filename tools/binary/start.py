"""The first module of a self-contained program: sets right what the runtime needs, then starts the program itself.

The head starts it as `__main__.pyc MODULE KIND NAME [ARGUMENT]...`, from the folder that the program was unpacked to.
It knows nothing of the program but the module's name. Every start runs it, so it imports only what the interpreter
holds ready.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping

UNUSED = 14 * 86400  # seconds after which a part is pruned
PRUNE_EVERY = 86400

# The descriptor that the remover of a private folder waits for.
_REMOVER = 9

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
    """Runs the `main()` of MODULE and returns its status."""
    _, module, kind, *sys.argv = sys.argv
    program = os.path.dirname(os.path.abspath(__file__))
    folder = os.path.dirname(program)
    sys.path.insert(0, program)
    restore_preload(os.environ)
    trust_host(os.environ, f"{program}/certifi/cacert.pem")
    if kind == "cache":
        hold([program, sys.prefix])
        prune_daily(folder)
    else:
        leave_at_exit(folder)
    __import__(module)
    status: int = sys.modules[module].main()
    return status


def restore_preload(environment: MutableMapping[str, str]) -> None:
    """Gives LD_PRELOAD, which the head keeps from this interpreter's own libc, to the programs that it starts."""
    libraries = environment.pop("VIBERUN_LD_PRELOAD", None)
    if libraries is not None:
        environment["LD_PRELOAD"] = libraries


def trust_host(
    environment: MutableMapping[str, str], bundled: str, exists: Callable[[str], bool] = os.path.exists
) -> None:
    """Points OpenSSL to the host's certificates where it would find none, to the file `bundled` where there are none.

    SSL_CERT_FILE and SSL_CERT_DIR come first if they are set.
    """
    if "SSL_CERT_FILE" in environment or "SSL_CERT_DIR" in environment or any(map(exists, _OPENSSL)):
        return
    bundle = next(filter(exists, (*_BUNDLES, bundled)), None)
    if bundle is not None:
        environment["SSL_CERT_FILE"] = bundle


def hold(parts: list[str]) -> None:
    """Keeps `parts` from being pruned for as long as this process, or one forked from it, lives: by a shared lock."""
    import fcntl

    for part in parts:
        try:
            fcntl.flock(os.open(f"{part}/used", os.O_RDONLY), fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:  # a file system without locks; or the part was pruned this very moment
            pass


def prune_daily(cache: str, now: Callable[[], float] | None = None) -> None:
    """Prunes the folder `cache` if that was not done within a day. What fails is left for another day."""
    import time

    moment = (now or time.time)()
    stamp = f"{cache}/pruned"
    try:
        if moment - os.stat(stamp).st_mtime < PRUNE_EVERY:
            return
    except FileNotFoundError:
        pass
    try:
        with open(stamp, "w"):
            os.utime(stamp, (moment, moment))
        prune(cache, moment)
    except OSError:
        pass


def prune(cache: str, now: float) -> None:
    """Removes from `cache` the parts that nobody used for UNUSED seconds before `now` (since the epoch) and nobody runs.

    Moved aside first, in one step: who starts meanwhile finds the whole part or none, and unpacks it then.
    """
    import fcntl
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


def leave_at_exit(folder: str) -> None:
    """Has the private `folder` removed before this process ends: lets its remover go, and waits for it (1 s at most)."""
    import atexit
    import time

    process = os.getpid()

    def leave() -> None:
        if os.getpid() != process:
            return
        os.close(_REMOVER)
        deadline = time.monotonic() + 1
        while os.path.exists(folder) and time.monotonic() < deadline:
            time.sleep(0.005)

    atexit.register(leave)


if __name__ == "__main__":
    sys.exit(main())
