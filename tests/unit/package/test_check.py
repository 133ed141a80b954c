"""Each deliberate fault of a package is refused."""

import py_compile
import shutil
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from local.errors import StackError
from local.package import bytecode, target
from local.package.check import check, problems
from local.package.limits import ASSUMED_BYTES, environment_bytes
from tests.support.artefacts import OWN_MAGIC, SHARED_OBJECT, SPEED, TARGET, Package, make

MACHINE_AT = 18  # e_machine in the header of an ELF file
OTHER_MACHINE = {"x86_64": 183, "arm64": 62}[TARGET.architecture]


@pytest.fixture(autouse=True)
def own_bytecode(monkeypatch: pytest.MonkeyPatch) -> None:
    """Accept the bytecode of the running Python as the target's."""
    monkeypatch.setitem(bytecode.MAGIC, TARGET.version, OWN_MAGIC)


@pytest.fixture
def package(tmp_path: Path) -> Package:
    return make(tmp_path)


def found(package: Package, **parameters: str) -> list[str]:
    return problems(package.folder, TARGET, parameters, checkout=package.checkout)


def test_a_package_without_a_fault_passes(package: Package) -> None:
    assert found(package) == []
    check(package.folder, TARGET, checkout=package.checkout)


def test_bytecode_is_not_required(package: Package) -> None:
    for folder in package.folder.rglob("__pycache__"):
        shutil.rmtree(folder)
    assert found(package) == []


def foreign_machine(package: Package) -> None:
    content = bytearray(SHARED_OBJECT.read_bytes())
    content[MACHINE_AT : MACHINE_AT + 2] = struct.pack("<H", OTHER_MACHINE)
    (package.site / "fast_json" / SPEED).write_bytes(content)


def foreign_python(package: Package) -> None:
    speed = package.site / "fast_json" / SPEED
    speed.rename(speed.with_name(SPEED.replace("313", "311")))


def foreign_system(package: Package) -> None:
    (package.site / "fast_json" / "_speed.cp313-win_amd64.pyd").write_bytes(b"MZ")


def broken_object(package: Package) -> None:
    (package.site / "fast_json" / SPEED).write_bytes(b"version https://git-lfs.github.com/spec/v1")


def old_bytecode(package: Package) -> None:
    compiled = package.compiled(package.own / "health.py")
    compiled.write_bytes(struct.pack("<H", OWN_MAGIC - 1) + compiled.read_bytes()[2:])


def timed_bytecode(package: Package) -> None:
    package.compile(py_compile.PycInvalidationMode.TIMESTAMP)


def stale_bytecode(package: Package) -> None:
    with (package.own / "health.py").open("a") as source:
        source.write("# changed\n")


def orphaned_bytecode(package: Package) -> None:
    compiled = package.compiled(package.own / "health.py")
    shutil.copy(compiled, compiled.with_name("gone.cpython-313.pyc"))


def half_compiled(package: Package) -> None:
    package.compiled(package.own / "health.py").unlink()


def missing_package(package: Package) -> None:
    for folder in package.site.glob("fast_json*"):
        shutil.rmtree(folder)


def missing_pin(package: Package) -> None:
    (package.checkout / "layers/dependencies/requirements.txt").write_text("")


def other_version(package: Package) -> None:
    shutil.rmtree(package.site / "fast_json-1.0.dist-info")
    package.install("fast_json", "0.9")
    package.compile()


def missing_module(package: Package) -> None:
    (package.own / "health.py").write_text(
        "def run():\n    from fast_json import x\n    import gone\n"
    )
    package.compile()


def missing_handler(package: Package) -> None:
    (package.function / "app.py").write_text("from wingman.health import run\n")


def shipped_tests(package: Package) -> None:
    (package.site / "fast_json" / "tests").mkdir()


def shipped_secrets(package: Package) -> None:
    (package.function / ".env").write_text("")


def shipped_scripts(package: Package) -> None:
    (package.site / "bin").mkdir()


def function_bytecode(package: Package) -> None:
    (package.function / "__pycache__").mkdir()


def link(package: Package) -> None:
    (package.own / "settings.json").symlink_to("/etc/hosts")


def oversized_layer(package: Package) -> None:
    with (package.site / "model.bin").open("wb") as file:
        file.truncate(251 * 1024**2)  # a sparse file, which takes no space


def six_layers(package: Package) -> None:
    path = package.folder / "template.yaml"
    content = yaml.safe_load(path.read_text())
    content["Resources"]["HealthFunction"]["Properties"]["Layers"] *= 3
    path.write_text(yaml.safe_dump(content))


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (foreign_machine, "is for EM_"),
        (foreign_python, "is for cpython-311-"),
        (foreign_system, "is not for Linux"),
        (broken_object, "is not an ELF file"),
        (old_bytecode, "is not for Python 3.13"),
        (timed_bytecode, "would be compared with its source at each start"),
        (stale_bytecode, "was not compiled from the health.py beside it"),
        (orphaned_bytecode, "has no source"),
        (half_compiled, "1 modules like SharedLayer/python/wingman/health.py have no bytecode"),
        (missing_package, "DependenciesLayer has nothing of fast-json, but 1.0 is pinned"),
        (missing_package, "wingman.health imports fast_json, which HealthFunction would not find"),
        (missing_pin, "DependenciesLayer has 1.0 of fast-json, but nothing is pinned"),
        (other_version, "DependenciesLayer has 0.9 of fast-json, but 1.0 is pinned"),
        (missing_module, "wingman.health imports gone, which HealthFunction would not find"),
        (missing_handler, "HealthFunction has no app.handler"),
        (shipped_tests, "fast_json/tests must not be uploaded"),
        (shipped_secrets, "HealthFunction/.env must not be uploaded"),
        (shipped_scripts, "python/bin must not be uploaded"),
        (function_bytecode, "HealthFunction/__pycache__ must not be uploaded"),
        (link, "wingman/settings.json is a link"),
        (oversized_layer, "HealthFunction and its layers are larger than 250 MB"),
        (six_layers, "HealthFunction has 6 layers, but Lambda allows 5"),
    ],
)
def test_a_fault_is_refused(
    package: Package, fault: Callable[[Package], None], message: str
) -> None:
    fault(package)
    assert [problem for problem in found(package) if message in problem], found(package)
    with pytest.raises(StackError, match="does not fit"):
        check(package.folder, TARGET, checkout=package.checkout)


def test_a_library_that_needs_a_newer_c_library_is_refused(
    package: Package, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(target.GLIBC, TARGET.runtime, (2, 1))
    assert "needs glibc 2." in found(package)[0]


@pytest.mark.parametrize(
    ("value", "length"),
    [
        ({"Ref": "Known"}, 3),
        ({"Ref": "Queue"}, ASSUMED_BYTES),
        ({"Fn::Sub": "https://${Known}/"}, len("https://abc/")),
        (
            {"Fn::Sub": "{{resolve:secretsmanager:${Known}:SecretString:K::${Other}}}"},
            ASSUMED_BYTES,
        ),
        ({"Fn::If": ["Is", {"Ref": "Known"}, "longer"]}, len("longer")),
        (20, 2),
    ],
)
def test_an_unknown_value_counts_with_an_assumed_length(value: object, length: int) -> None:
    assert environment_bytes({"X": value}, {"Known": "abc"}) == len('{"X":""}') + length


def test_an_environment_is_measured_with_the_parameters_of_the_deployment(
    package: Package,
) -> None:
    longest = 4096 - len('{"BRAND":""}')
    assert found(package, Brand="x" * longest) == []
    assert "HealthFunction has 4097 bytes" in found(package, Brand="x" * (longest + 1))[0]
