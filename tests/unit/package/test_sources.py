"""Imports are read from sources as Python would execute them."""

from pathlib import Path

import pytest

from local.package.sources import Import, imports, modules


def read(tmp_path: Path, source: str, module: str = "top.mid.here") -> list[Import]:
    path = tmp_path / ("__init__.py" if module.endswith("package") else "here.py")
    path.write_text(source)
    return imports(path, module)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import a.b, c", [Import("a.b"), Import("c")]),
        ("from a.b import c, d", [Import("a.b", ("c", "d"))]),
        ("from . import sister", [Import("top.mid", ("sister",))]),
        ("from ..aunt import cousin", [Import("top.aunt", ("cousin",))]),
        ("def f():\n    import a", [Import("a", lazy=True)]),
        ("class A:\n    import a", [Import("a")]),
        ("if x:\n    import a\nelse:\n    import b", [Import("a"), Import("b")]),
        ("if TYPE_CHECKING:\n    import a\nelse:\n    import b", [Import("b")]),
        ("try:\n    import a\nexcept ImportError:\n    import b", [Import("b")]),
        ("try:\n    import a\nexcept (KeyError, ImportError):\n    pass", []),
        ("try:\n    import a\nexcept KeyError:\n    pass", [Import("a")]),
        ("match x:\n    case 1:\n        import a", [Import("a")]),
    ],
)
def test_imports_are_found(tmp_path: Path, source: str, expected: list[Import]) -> None:
    assert read(tmp_path, source) == expected


def test_a_package_is_the_base_of_its_own_relative_imports(tmp_path: Path) -> None:
    assert read(tmp_path, "from .inner import x", "top.package") == [
        Import("top.package.inner", ("x",))
    ]


def test_modules_have_the_names_that_python_gives_them(tmp_path: Path) -> None:
    for name in ("top.py", "a/__init__.py", "a/b.py", "space/c.cpython-313-x86_64-linux-gnu.so"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert modules(tmp_path) == {
        "top": tmp_path / "top.py",
        "a": tmp_path / "a" / "__init__.py",
        "a.b": tmp_path / "a" / "b.py",
        "space": None,
        "space.c": tmp_path / "space" / "c.cpython-313-x86_64-linux-gnu.so",
    }
