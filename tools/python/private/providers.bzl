"""What Python sources, wheels and programs tell each other."""

visibility("//tools/python/...")

PythonInfo = provider(
    doc = "Importable Python: files, and the roots that they are imported from.",
    fields = {
        "files": "depset of files: sources and data read at run time.",
        "bytecode": "depset of pyc files beside some of the sources: for what runs here, no part of a product.",
        "roots": "depset of import roots, each a path below the folder that holds all repositories ('_main', 'wheel_any_pex/site').",
    },
)

PythonProgramInfo = provider(
    doc = "A module to start; the PythonInfo beside this has it, with everything that it imports.",
    fields = {"module": "The module's dotted name; started as `__main__`."},
)

def collect_python(files, roots, deps, bytecode = []):
    """Merges own files and roots with those of the dependencies.

    Args:
      files: list of files.
      roots: list of import roots.
      deps: targets with PythonInfo.
      bytecode: list of pyc files of the own files.

    Returns:
      PythonInfo.
    """
    infos = [dep[PythonInfo] for dep in deps]
    return PythonInfo(
        files = depset(files, transitive = [info.files for info in infos]),
        bytecode = depset(bytecode, transitive = [info.bytecode for info in infos]),
        roots = depset(roots, transitive = [info.roots for info in infos]),
    )

TestPathsInfo = provider(
    doc = "What a test that has this in its `data` is told of.",
    fields = {
        "paths": "dict of an environment variable's name to a path below the folder that holds all repositories.",
    },
)
