"""Packages and local builds share no folder, and a package that fails its check is deleted."""

import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from local import building
from local.errors import StackError
from local.package import build, bytecode, recipe
from local.package.interpreter import interpreter
from local.package.target import OWN_RUNTIME, Target
from local.stack import CHECKOUT, Stack
from tests.support.artefacts import OWN_MAGIC, TARGET, Package, make

ARM, INTEL = Target("python3.13", "arm64"), Target("python3.12", "x86_64")


class Sam:
    """Records its calls, and builds the given package."""

    def __init__(self, package: Package | None = None) -> None:
        self.package = package
        self.calls: list[list[str]] = []
        self.env: Mapping[str, str] = {}

    def __call__(self, *arguments: Any, env: Mapping[str, str], **_: Any) -> None:
        self.calls.append(list(map(str, arguments)))
        self.env = env
        folder = Path(self.option("--build-dir"))
        if self.package:
            folder.parent.mkdir(parents=True)
            self.package.folder.rename(folder)
        else:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "template.yaml").write_text("Resources: {}")

    def option(self, name: str, call: int = -1) -> str:
        return self.calls[call][self.calls[call].index(name) + 1]


@pytest.fixture
def sam(monkeypatch: pytest.MonkeyPatch) -> Sam:
    return use(monkeypatch, Sam())


def use(monkeypatch: pytest.MonkeyPatch, sam: Sam) -> Sam:
    monkeypatch.setattr(build, "sam", sam)
    monkeypatch.setattr(building, "sam", sam)
    return sam


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "layers").mkdir()
    (tmp_path / "layers" / "rules.mk").write_text("one")
    (tmp_path / "template.yaml").write_text("Resources: {}")
    return tmp_path


@pytest.fixture
def local(sam: Sam, checkout: Path) -> Callable[[], Sam]:
    def run() -> Sam:
        building.build(Stack("dev", 8700, checkout))
        return sam

    return run


def test_no_two_builds_share_a_folder(sam: Sam, local: Callable[[], Sam], tmp_path: Path) -> None:
    local()
    for target in (ARM, INTEL):
        build.build(target, tmp_path / ".local/package/work" / target.name / "build")
    folders = [Path(sam.option("--build-dir", call)).parent for call in range(3)]
    assert len(set(folders)) == 3  # `sam` also writes next to the folder


def test_a_package_is_built_without_a_cache(sam: Sam, tmp_path: Path) -> None:
    build.build(ARM, tmp_path / "build")
    assert "--no-cached" in sam.calls[0]
    assert not {"--cached", "--cache-dir"} & set(sam.calls[0])


def test_a_local_build_forgets_its_cache_when_its_rules_change(
    local: Callable[[], Sam], checkout: Path
) -> None:
    old = Path(local().option("--cache-dir"))
    old.mkdir()
    (checkout / "layers" / "rules.mk").write_text("other")
    new = Path(local().option("--cache-dir"))
    assert new != old
    assert not old.exists()


def test_an_unchanged_checkout_is_not_built_again(local: Callable[[], Sam]) -> None:
    local()
    assert len(local().calls) == 1


@pytest.mark.parametrize("target", [ARM, INTEL])
def test_a_build_is_given_its_target(sam: Sam, target: Target, tmp_path: Path) -> None:
    build.build(target, tmp_path / "build")
    compiler = interpreter(target.version)
    assert f"Architecture={target.architecture}" in sam.calls[0]
    assert f"Runtime={target.runtime if compiler else OWN_RUNTIME}" in sam.calls[0]
    wheels = f"--python-platform {target.machine}-manylinux_2_34 --python-version {target.version}"
    assert f"{wheels} --only-binary :all:" in sam.env["LAYER_INSTALL"]


def test_without_the_runtimes_python_there_is_no_bytecode_and_the_build_says_so(
    sam: Sam,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(build, "interpreter", lambda version: None)
    build.build(ARM, tmp_path / "build")
    assert sam.env["LAYER_COMPILE"] == ""
    assert f"Runtime={OWN_RUNTIME}" in sam.calls[0]
    assert "no Python 3.13 found: the package has no bytecode" in capsys.readouterr().out


def test_a_package_that_fails_its_check_is_deleted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(bytecode.MAGIC, TARGET.version, OWN_MAGIC)
    good, bad = make(tmp_path / "good"), make(tmp_path / "bad")
    (bad.site / "fast_json" / "tests").mkdir()
    use(monkeypatch, Sam(good))
    done = build.package(TARGET, checkout=good.checkout)
    assert (done / "template.yaml").exists()
    use(monkeypatch, Sam(bad))
    with pytest.raises(StackError, match="fast_json/tests must not be uploaded"):
        build.package(TARGET, checkout=good.checkout)
    assert not done.exists()


def test_a_build_by_sam_alone_is_refused() -> None:
    layer = CHECKOUT / "layers" / "shared"
    done = subprocess.run(
        ["make", "-C", layer, "build-SharedLayer"], capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "use `make package`" in done.stderr


def test_the_index_that_pip_uses_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pip")
    monkeypatch.setenv("PIP_INDEX_URL", "https://packages.example.com/simple")
    assert recipe._index.__wrapped__() == "https://packages.example.com/simple"
