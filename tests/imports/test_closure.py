import pytest

from tests.imports.closure import Closure, closure


def follow(module: str, **files: str) -> Closure:
    """Follows a module of files that are given with `__` for `/` and without `.py`."""
    named = {f"{name.replace('__', '/')}.py": text for name, text in files.items()}
    return closure(module, named, named.__getitem__)


@pytest.mark.parametrize(
    "text",
    [
        "import a.b",
        "import a.b as other",
        "from a import b",
        "from a import b as other",
        "from a.b import name",
        "from a.b import *",
        "def later():\n    from a import b",
        "try:\n    import a.b\nexcept ImportError:\n    pass",
        "if True:\n    import a.b",
    ],
)
def test_every_way_to_import_a_module_counts(text: str) -> None:
    found = follow("main", main=text, a__b="import a.c", a__c="", a__unused="")
    assert (found.files, found.missing, found.foreign) == ({"main.py", "a/b.py", "a/c.py"}, {}, {})


@pytest.mark.parametrize(
    "text", ["from . import b", "from .b import name", "from ..a import b", "from ..a.b import name"]
)
def test_relative_imports_count_from_where_the_file_is(text: str) -> None:
    assert follow("a.main", a__main=text, a__b="").files == {"a/main.py", "a/b.py"}


def test_the_packages_that_a_module_lies_in_are_imported_too() -> None:
    files = {"main.py": "import a.b.c", "a/__init__.py": "import d", "a/b/__init__.py": "", "a/b/c.py": "", "d.py": ""}
    assert closure("main", files, files.__getitem__).files == set(files)


def test_what_a_package_binds_itself_is_no_module() -> None:
    files = {
        "main.py": "from a import one, two, Three, four",
        "a/__init__.py": "import four\none = 1\ndef two(): ...\nclass Three: ...",
        "four.py": "",
    }
    found = closure("main", files, files.__getitem__)
    assert (found.files, found.missing) == (set(files), {})


def test_what_is_for_type_checkers_alone_is_not_imported() -> None:
    for condition in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
        found = follow("main", main=f"if {condition}:\n    import a\nelse:\n    import b", a="", b="")
        assert found.files == {"main.py", "b.py"}


def test_a_module_that_is_not_there_is_told_with_who_imports_it() -> None:
    files = {"main.py": "from a import gone\nfrom p import lost\nimport a.b.deep", "a/b.py": "", "p/__init__.py": ""}
    found = closure("main", files, files.__getitem__)
    assert found.missing == {"a.gone": "main.py", "p.lost": "main.py", "a.b.deep": "main.py"}


def test_what_comes_from_elsewhere_is_told_apart_from_the_standard_library() -> None:
    assert follow("main", main="import os.path, docker.errors\nfrom json import loads").foreign == {"docker": "main.py"}
