from __future__ import annotations

import copy
import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

import viberun
from tests.unit import golden
from tests.unit.viberun.installed import BUILD
from tests.unit.viberun.strategies import manifests
from viberun.errors import ManifestError
from viberun.fields import MOST
from viberun.manifest import KINDS, File, Image, Manifest
from viberun.platforms import PLATFORMS

OCI = BUILD.version.oci
MANIFEST = Manifest(
    BUILD,
    "github/",
    (
        File(f"viberun-{OCI}-linux-amd64.tar.gz", "client", "linux-amd64", 11_000_000, "a" * 64),
        File(f"viberun-server-{OCI}-linux-arm64.tar.gz", "server", "linux-arm64", 12_000_000, "b" * 64),
        File(f"SHA256SUMS-{OCI}", "sums", None, 400, "c" * 64),
        File(f"viberun-{BUILD.version.npm}.tgz", "npm", None, 44_000_000, "d" * 64),
    ),
    {
        "viberun-proxy": Image("ghcr.io/owner/name/viberun-proxy:dev", f"sha256:{'f' * 64}"),
        "viberun": Image("ghcr.io/owner/name/viberun:dev", f"sha256:{'e' * 64}"),
    },
)
DOCUMENT = json.loads(MANIFEST.to_json())
SCHEMA = json.loads((Path(viberun.__file__).parent / "manifest.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def changed(path: str, value: Any) -> dict[str, Any]:
    """The document with another value at a path such as `files.0.size`; ... takes the field away."""
    document: dict[str, Any] = copy.deepcopy(DOCUMENT)
    *folders, key = path.split(".")
    place: Any = document
    for folder in folders:
        place = place[int(folder)] if isinstance(place, list) else place[folder]
    if value is ...:
        del place[key]
    else:
        place[int(key) if isinstance(place, list) else key] = value
    return document


def problems(document: Any) -> list[str]:
    with pytest.raises(ManifestError) as error:
        Manifest.parse(document if isinstance(document, (str, bytes)) else json.dumps(document))
    assert str(error.value).startswith("channel.json: ")
    return list(error.value.problems)


def test_channel_json_looks_as_the_design_shows_it() -> None:
    golden.check("tests/unit/viberun/golden/channel.json", MANIFEST.to_json())


def test_a_manifest_without_repository_images_and_files_looks_the_same() -> None:
    empty = Manifest(replace(BUILD, repository=None), "", (), {"viberun": Image(None, f"sha256:{'e' * 64}")})
    golden.check("tests/unit/viberun/golden/channel-empty.json", empty.to_json())
    assert Manifest.parse(empty.to_json()) == empty


@given(manifests())
def test_a_manifest_is_read_back_and_written_again_the_same(manifest: Manifest) -> None:
    text = manifest.to_json()
    assert Manifest.parse(text) == Manifest.parse(text.encode()) == manifest
    assert Manifest.parse(text).to_json() == text
    assert text.isascii()


@given(manifests())
def test_each_file_is_one_object_on_one_line(manifest: Manifest) -> None:
    lines = [line.strip().rstrip(",") for line in manifest.to_json().splitlines()]
    objects = [json.loads(line) for line in lines if line.startswith('{"name"')]
    assert [File(**fields) for fields in objects] == list(manifest.files)
    for fields in objects:
        assert list(fields) == ["name", "kind", "platform", "size", "sha256"]


def test_a_posix_shell_can_read_the_files() -> None:
    script = r"""
    while IFS= read -r line; do
        case $line in '    {"name": "'*'"kind": "client", "platform": "linux-amd64", '*) ;; *) continue ;; esac
        name=${line#*'"name": "'} size=${line#*'"size": '} sha256=${line#*'"sha256": "'}
        echo "${name%%'"'*} ${size%%,*} ${sha256%%'"'*}"
    done
    """
    found = subprocess.run(
        ["/bin/sh", "-c", script], input=MANIFEST.to_json(), stdout=subprocess.PIPE, text=True, check=True
    )
    assert found.stdout == f"viberun-{OCI}-linux-amd64.tar.gz 11000000 {'a' * 64}\n"


@given(manifests())
def test_the_schema_takes_what_the_model_writes(manifest: Manifest) -> None:
    VALIDATOR.validate(json.loads(manifest.to_json()))


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_schema_and_model_know_the_same_fields() -> None:
    of_schema, required = SCHEMA["properties"], [*SCHEMA["required"], "repository_id"]
    assert sorted(of_schema) == sorted(required) == sorted([*DOCUMENT, "repository_id"])
    for schema, document in (
        (SCHEMA["properties"]["spellings"], DOCUMENT["spellings"]),
        (SCHEMA["$defs"]["file"], DOCUMENT["files"][0]),
        (SCHEMA["$defs"]["image"], DOCUMENT["images"]["viberun"]),
    ):
        assert sorted(schema["properties"]) == sorted(schema["required"]) == sorted(document)
    file = SCHEMA["$defs"]["file"]["properties"]
    assert file["kind"]["enum"] == list(KINDS)
    assert file["platform"]["enum"] == [*PLATFORMS, None]
    for key in ("schema", "min_reader"):
        assert SCHEMA["properties"][key]["const"] == DOCUMENT[key]


# What the schema can say too: a path, a wrong value, and what the reader says about it.
SHAPES: list[tuple[str, Any, str]] = [
    ("channel", ..., "channel is missing"),
    ("channel", "beta", "channel must be dev or prod, not 'beta'"),
    ("repository", ..., "repository is missing"),
    ("repository", "owner", "repository must be of the form owner/name, not 'owner'"),
    ("repository", "owner/../name", "repository must be of the form owner/name, not 'owner/../name'"),
    ("version", ..., "version is missing"),
    ("version", 1, "version must be a text, not a number"),
    ("spellings", ..., "spellings is missing"),
    ("spellings", "1.2.3", "spellings must be an object, not a text"),
    ("spellings.oci", ..., "spellings.oci is missing"),
    ("commit", ..., "commit is missing"),
    ("commit", "abc1234", "commit must be 40 lower-case hex digits, not 'abc1234'"),
    ("committed", ..., "committed is missing"),
    (
        "committed",
        "2026-01-25 12:30:45",
        "committed must be of the form YYYY-MM-DDThh:mm:ssZ, not '2026-01-25 12:30:45'",
    ),
    ("files_at", ..., "files_at is missing"),
    ("files_at", None, "files_at must be a text, not null"),
    ("files_at", "github", "files_at must be empty or a relative folder that ends with a slash, not 'github'"),
    ("files_at", "/github/", "files_at must be empty or a relative folder that ends with a slash, not '/github/'"),
    ("files_at", "../x/", "files_at must be empty or a relative folder that ends with a slash, not '../x/'"),
    (
        "files_at",
        "https://x/",
        "files_at must be empty or a relative folder that ends with a slash, not 'https://x/'",
    ),
    ("files", ..., "files is missing"),
    ("files", {}, "files must be an array, not an object"),
    ("files.1", "x", "files[1] must be an object, not a text"),
    ("files.0.name", ..., "files[0].name is missing"),
    ("files.0.kind", ..., "files[0].kind is missing"),
    ("files.0.platform", ..., "files[0].platform is missing"),
    ("files.0.platform", None, "files[0].platform must name one for the kind client"),
    ("files.0.platform", False, "files[0].platform must be a text, not false"),
    ("files.2.platform", "x", f"files[2].platform must be one of {', '.join(PLATFORMS)}, not 'x'"),
    ("files.2.platform", "linux-amd64", "files[2].platform must be null for the kind sums"),
    ("files.0.size", ..., "files[0].size is missing"),
    ("files.0.size", "11", "files[0].size must be a whole number, not a text"),
    ("files.0.size", 1.5, "files[0].size must be a whole number, not a number"),
    ("files.0.size", True, "files[0].size must be a whole number, not true"),
    ("files.0.size", 0, f"files[0].size must be between 1 and {MOST}, not 0"),
    ("files.0.size", -1, f"files[0].size must be between 1 and {MOST}, not -1"),
    ("files.0.size", 2**53, f"files[0].size must be between 1 and {MOST}, not {2**53}"),
    ("files.0.sha256", ..., "files[0].sha256 is missing"),
    ("files.0.sha256", "a" * 63, f"files[0].sha256 must be 64 lower-case hex digits, not '{'a' * 63}'"),
    ("files.0.sha256", "A" * 64, f"files[0].sha256 must be 64 lower-case hex digits, not '{'A' * 64}'"),
    (
        "files.0.sha256",
        f"sha256:{'a' * 64}",
        f"files[0].sha256 must be 64 lower-case hex digits, not 'sha256:{'a' * 64}'",
    ),
    ("images", ..., "images is missing"),
    ("images", [], "images must be an object, not an array"),
    ("images.viberun", None, "images.viberun must be an object, not null"),
    ("images.viberun.ref", ..., "images.viberun.ref is missing"),
    (
        "images.viberun.ref",
        "ghcr.io/Owner/viberun:dev",
        "images.viberun.ref must be an image reference with registry and tag, not 'ghcr.io/Owner/viberun:dev'",
    ),
    (
        "images.viberun.ref",
        "ghcr.io/owner/name/viberun",
        "images.viberun.ref must be an image reference with registry and tag, not 'ghcr.io/owner/name/viberun'",
    ),
    ("images.viberun.digest", ..., "images.viberun.digest is missing"),
    (
        "images.viberun.digest",
        "e" * 64,
        f"images.viberun.digest must be sha256: and 64 lower-case hex digits, not '{'e' * 64}'",
    ),
]


@pytest.mark.parametrize(("path", "value", "problem"), SHAPES)
def test_a_wrong_field_is_one_clear_problem_for_the_reader_and_refused_by_the_schema(
    path: str, value: Any, problem: str
) -> None:
    document = changed(path, value)
    assert problems(document) == [problem]
    assert not VALIDATOR.is_valid(document)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/etc/passwd",
        "a/b",
        "..",
        "../a",
        ".hidden",
        "-rf",
        "a b",
        "a\nb",
        "a;b",
        "a'b",
        'a"b',
        "$(a)",
        "a\\b",
        "a%2fb",
        "é",
        "a\x00",
        "a" * 201,
    ],
)
def test_a_name_that_is_not_safe_in_a_folder_and_in_a_shell_is_refused(name: str) -> None:
    document = changed("files.0.name", name)
    (problem,) = problems(document)
    assert problem.startswith("files[0].name must be a file name of letters, digits and ._+-")
    assert problem.isprintable()
    assert not VALIDATOR.is_valid(document)


def test_a_line_feed_at_the_end_is_no_part_of_any_form() -> None:
    for path in ("files.0.name", "files.0.sha256", "commit", "images.viberun.digest"):
        place: Any = DOCUMENT
        for key in path.split("."):
            place = place[int(key)] if isinstance(place, list) else place[key]
        assert len(problems(changed(path, place + "\n"))) == 1


# What no schema can say: the parts that must agree with each other.
@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda d: d.update(version="1.2.3"), "1.2.3 is a version of the channel prod, not dev"),
        (lambda d: d.update(channel="prod"), f"{BUILD.version} is a version of the channel dev, not prod"),
        (lambda d: d.update(commit="f" * 40), f"{BUILD.version} is not the version of commit {'f' * 40}"),
        (lambda d: d["spellings"].update(npm="1.2.3"), f"spellings.npm must be {BUILD.version.npm}, not '1.2.3'"),
        (lambda d: d["files"].append(d["files"][2]), f"files: SHA256SUMS-{OCI} stands 2 times"),
        (
            lambda d: d["files"][2].update(name="channel.json", kind="manifest"),
            "files: channel.json is this manifest, which can't list itself",
        ),
        (
            lambda d: d["files"][2].update(name=f"viberun-{OCI}.json", kind="manifest"),
            f"files: viberun-{OCI}.json is this manifest, which can't list itself",
        ),
        (
            lambda d: d["images"]["viberun"].update(ref=None),
            "images.viberun.ref must not be null, as repository is owner/name",
        ),
    ],
)
def test_parts_that_do_not_agree_are_one_clear_problem(change: Callable[[Any], None], problem: str) -> None:
    document = copy.deepcopy(DOCUMENT)
    change(document)
    assert problems(document) == [problem]


def test_without_a_repository_no_image_has_a_ref() -> None:
    assert problems(changed("repository", None)) == [
        "images.viberun.ref must be null, as repository is",
        "images.viberun-proxy.ref must be null, as repository is",
    ]


def test_the_manifest_of_another_build_may_be_listed() -> None:
    document = copy.deepcopy(DOCUMENT)
    document["files"][2].update(name="viberun-0.0.0-dev.20250125123045-abc1234.json", kind="manifest")
    assert Manifest.parse(json.dumps(document)).files[2].kind == "manifest"


def test_a_version_in_another_spelling_is_refused() -> None:
    assert problems(changed("version", OCI)) == [f"version must be {BUILD.version}, not '{OCI}'"]
    assert problems(changed("version", "garbage")) == ["'garbage' is not a version of viberun"]


@pytest.mark.parametrize(
    ("key", "number", "message"),
    [
        ("min_reader", 2, "takes a reader of schema 2, and this viberun reads schema 1; use a newer viberun"),
        ("min_reader", 0, "min_reader must be between 1 and 9007199254740991, not 0"),
        ("min_reader", None, "min_reader must be a whole number, not null"),
        ("schema", 0, "schema must be between 1 and 9007199254740991, not 0"),
        ("schema", "1", "schema must be a whole number, not a text"),
        ("schema", True, "schema must be a whole number, not true"),
        ("schema", ..., "schema is missing"),
    ],
)
def test_a_meaning_that_is_not_known_is_all_that_is_said(key: str, number: Any, message: str) -> None:
    document = changed(key, number)
    del document["files"], document["version"]
    with pytest.raises(ManifestError) as error:
        Manifest.parse(json.dumps(document))
    assert str(error.value) == f"channel.json: {message}"
    assert not VALIDATOR.is_valid(document)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is not JSON: Expecting value: line 1 column 1 (char 0)"),
        ("Not Found", "is not JSON: Expecting value: line 1 column 1 (char 0)"),
        (MANIFEST.to_json()[:-40], "is not JSON: "),
        ("[]", "the document must be an object, not an array"),
        ("null", "the document must be an object, not null"),
        (b"\xff\xfe{}", "is not UTF-8 at byte 0"),
        ("[" * 200_000, "is not JSON that can be read: nested too deeply"),
        ('{"schema": NaN}', "is not JSON: NaN is no JSON number"),
        ('{"schema": 1, "schema": 1}', "is not JSON: the key 'schema' stands twice in one object"),
        ('{"schema": ' + "1" * 4000 + "}", f"schema must be between 1 and {MOST}, not 1111"),
        ('{"schema": ' + "1" * 5000 + "}", "is not JSON: Exceeds the limit"),
    ],
)
def test_what_is_no_json_object_is_one_clear_problem(text: str | bytes, problem: str) -> None:
    (found,) = problems(text)
    assert found.startswith(problem)
    assert len(found) < 200


def test_all_problems_are_reported_at_once_on_lines_of_their_own() -> None:
    document = changed("files.0.size", 0)
    document["files"][1]["sha256"] = "x"
    del document["commit"]
    with pytest.raises(ManifestError) as error:
        Manifest.parse(json.dumps(document))
    assert str(error.value).splitlines() == [
        "channel.json: 3 problems",
        "  commit is missing",
        f"  files[0].size must be between 1 and {MOST}, not 0",
        "  files[1].sha256 must be 64 lower-case hex digits, not 'x'",
    ]


@pytest.mark.parametrize("path", ["later", "spellings.later", "files.0.later", "images.viberun.later"])
def test_a_field_that_a_later_release_adds_is_left_alone(path: str) -> None:
    document = changed(path, {"any": "thing"})
    assert Manifest.parse(json.dumps(document)) == MANIFEST
    VALIDATOR.validate(document)


def test_what_could_not_be_read_is_not_written() -> None:
    wrong = replace(MANIFEST, files=(*MANIFEST.files, replace(MANIFEST.files[0], sha256="x")))
    with pytest.raises(ManifestError) as error:
        wrong.to_json()
    assert len(error.value.problems) == 2


def with_first_file(**facts: Any) -> Manifest:
    return replace(MANIFEST, files=(replace(MANIFEST.files[0], **facts), *MANIFEST.files[1:]))


@pytest.mark.parametrize(
    ("manifest", "problem"),
    [
        (with_first_file(kind="deb"), f"files[0].kind must be one of {', '.join(KINDS)}, not 'deb'"),
        (
            with_first_file(platform="linux-riscv64"),
            f"files[0].platform must be one of {', '.join(PLATFORMS)}, not 'linux-riscv64'",
        ),
        (
            replace(MANIFEST, images={**MANIFEST.images, "viberun-db": MANIFEST.images["viberun"]}),
            "images: 'viberun-db' is none of viberun, viberun-proxy",
        ),
    ],
)
def test_what_a_reader_would_leave_out_is_not_written(manifest: Manifest, problem: str) -> None:
    with pytest.raises(ManifestError) as error:
        manifest.to_json()
    assert list(error.value.problems) == [problem]


def test_the_manifest_knows_its_own_name() -> None:
    assert MANIFEST.name == "viberun-0.0.0-dev.20260125123045-abc1234.json"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.text() | st.binary() | json_values.map(json.dumps))
def test_garbage_is_a_manifest_error_and_nothing_else(text: str | bytes) -> None:
    with pytest.raises(ManifestError):
        Manifest.parse(text)


PATHS = sorted({path for path, _, _ in SHAPES if "/" not in path})


@given(st.sampled_from(PATHS), json_values)
def test_whatever_stands_in_a_field_what_the_reader_takes_of_it_the_schema_takes(path: str, value: Any) -> None:
    try:
        manifest = Manifest.parse(json.dumps(changed(path, value)))
    except ManifestError:
        return
    VALIDATOR.validate(json.loads(manifest.to_json()))
