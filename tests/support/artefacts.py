"""A small valid package of a function and two layers, to which tests add faults."""

import importlib.util
import py_compile
from dataclasses import dataclass
from pathlib import Path

import markupsafe
import yaml

from local.package.artefacts import Artefacts
from local.package.target import Target, architecture

TARGET = Target("python3.13", architecture())
SPEED = f"_speed.cpython-313-{TARGET.machine}-linux-gnu.so"
# A shared object for this machine's architecture and any Python.
SHARED_OBJECT = next(Path(markupsafe.__file__).parent.glob("_speedups.*.so"))
OWN_MAGIC = int.from_bytes(importlib.util.MAGIC_NUMBER[:2], "little")


@dataclass(frozen=True)
class Package:
    """Build artefacts, and the checkout that they come from."""

    folder: Path
    checkout: Path

    @property
    def function(self) -> Path:
        return self.folder / "HealthFunction"

    @property
    def site(self) -> Path:
        return self.folder / "DependenciesLayer" / "python"

    @property
    def own(self) -> Path:
        return self.folder / "SharedLayer" / "python" / "wingman"

    def compiled(self, source: Path) -> Path:
        return source.parent / "__pycache__" / f"{source.stem}.cpython-313.pyc"

    def compile(
        self, mode: py_compile.PycInvalidationMode = py_compile.PycInvalidationMode.UNCHECKED_HASH
    ) -> None:
        """Compile the layers with this Python; tests accept its magic number as the target's."""
        for layer in Artefacts(self.folder).layers.values():
            for source in layer.rglob("*.py"):
                py_compile.compile(
                    str(source), str(self.compiled(source)), doraise=True, invalidation_mode=mode
                )

    def install(self, name: str, version: str) -> None:
        module, metadata = self.site / name, self.site / f"{name}-{version}.dist-info"
        for folder in (module, metadata):
            folder.mkdir(parents=True, exist_ok=True)
        (module / "__init__.py").write_text("")
        (metadata / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        )


def make(root: Path) -> Package:
    package = Package(root / "built", root / "checkout")
    _template(package.folder, "HealthFunction", "DependenciesLayer", "SharedLayer")
    _template(package.checkout, "functions/health", "layers/dependencies", "layers/shared")
    pins = "fast-json==1.0\ntomli==2.0 ; python_full_version < '3.11'\n"
    (package.checkout / "layers/dependencies").mkdir(parents=True)
    (package.checkout / "layers/dependencies/requirements.txt").write_text(pins)
    package.function.mkdir(parents=True)
    (package.function / "app.py").write_text("from wingman import health\n\nhandler = health.run\n")
    package.install("fast_json", "1.0")
    (package.site / "fast_json" / SPEED).write_bytes(SHARED_OBJECT.read_bytes())
    package.own.mkdir(parents=True)
    (package.own / "__init__.py").write_text("")
    (package.own / "health.py").write_text("import json\nimport fast_json\n\ndef run(): ...\n")
    package.compile()
    return package


def _template(folder: Path, function: str, dependencies: str, shared: str) -> None:
    folder.mkdir(parents=True)
    (folder / "template.yaml").write_text(
        yaml.safe_dump(
            {
                "Parameters": {"Brand": {"Type": "String", "Default": ""}},
                "Resources": {
                    "HealthFunction": {
                        "Type": "AWS::Serverless::Function",
                        "Properties": {
                            "CodeUri": function,
                            "Handler": "app.handler",
                            "Layers": [{"Ref": "DependenciesLayer"}, {"Ref": "SharedLayer"}],
                            "Environment": {"Variables": {"BRAND": {"Ref": "Brand"}}},
                        },
                    },
                    "DependenciesLayer": _layer(dependencies),
                    "SharedLayer": _layer(shared),
                },
            }
        )
    )


def _layer(folder: str) -> dict[str, object]:
    return {"Type": "AWS::Serverless::LayerVersion", "Properties": {"ContentUri": folder}}
