import json
import marshal
import os
import subprocess
import sys
from pathlib import Path

import pytest

LAUNCH = f"{os.environ['RUNFILES_DIR']}/{os.environ['TEST_WORKSPACE']}/tools/python/launch.py"


def run(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-I", "-c", code], check=True, stdout=subprocess.PIPE, text=True
    ).stdout.strip()


def test_the_interpreter_is_the_pinned_one_and_so_are_its_children() -> None:
    assert sys.version_info[:2] == (3, 13)
    assert "python_amd64" in sys.executable or "python_arm64" in sys.executable
    assert run("import sys; print(sys.executable, sys.prefix)") == f"{sys.executable} {sys.prefix}"


def test_the_loader_and_every_library_are_the_interpreters_own() -> None:
    mapped = run("import ssl, sqlite3, ctypes, lzma, bz2, zlib; print(open('/proc/self/maps').read())")
    libraries = {line.split()[-1] for line in mapped.splitlines() if ".so" in line}
    assert libraries
    assert [
        library for library in libraries if "python_a" not in library and "/usr/lib/python3.13/" not in library
    ] == []


def test_nothing_is_imported_from_the_host() -> None:
    assert [path for path in sys.path if path.startswith(("/usr", "/root", "/home"))] == []
    assert "PYTHONPATH" not in os.environ


def test_no_bytecode_is_written() -> None:
    assert run("import sys; print(sys.dont_write_bytecode)") == "True"


def test_a_wheel_is_imported_compiled_and_its_code_names_no_machine() -> None:
    content = Path(str(pytest.__spec__.cached)).read_bytes()
    flags, code = int.from_bytes(content[4:8], "little"), marshal.loads(content[16:])
    assert flags == 0b01, "not by the unchecked hash of its source (PEP 552)"
    assert code.co_filename == "/site/pytest/__init__.py"


def act(folder: Path, code: str) -> "subprocess.CompletedProcess[str]":
    """Runs an action whose module has this code."""
    (folder / "module.py").write_text(code)
    (folder / "request").write_text(json.dumps({"target": "//a:b", "out": str(folder / "out")}))
    arguments = ["--path", str(folder), "--request", str(folder / "request"), "module"]
    return subprocess.run([sys.executable, "-I", "-S", "-B", LAUNCH, *arguments], capture_output=True, text=True)


def test_an_action_is_given_its_request(tmp_path: Path) -> None:
    done = act(tmp_path, "def main(request): open(request['out'], 'w').write(request['target'])")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (tmp_path / "out").read_text() == "//a:b"


def test_what_is_wrong_with_a_request_is_one_line(tmp_path: Path) -> None:
    done = act(tmp_path, "def main(request): raise ValueError('no such layer')")
    assert (done.returncode, done.stderr) == (1, "//a:b: no such layer\n")


def test_what_a_program_of_an_action_said_is_told(tmp_path: Path) -> None:
    run = "subprocess.run(['sh', '-c', 'echo no space; exit 3'], check=True, stdout=subprocess.PIPE, text=True)"
    done = act(tmp_path, f"import subprocess\ndef main(request): {run}")
    assert done.returncode == 1
    assert done.stderr.startswith("//a:b: Command ")
    assert done.stderr.endswith("exit status 3.\nno space\n")


def test_a_defect_of_an_action_is_a_traceback(tmp_path: Path) -> None:
    done = act(tmp_path, "def main(request): return request['nothing']")
    assert done.returncode == 1
    assert "Traceback" in done.stderr


def test_an_interrupt_while_it_imports_is_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "imports.py").write_text("raise KeyboardInterrupt\n")
    command = [sys.executable, "-I", "-S", "-B", LAUNCH, "--path", str(tmp_path), "imports"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")
