"""The arrows of the house, seen at run time: what importing a page or a layer really loads."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEAVY = {"bertopic", "llama_cpp", "fast_hdbscan", "umap", "hdbscan", "torch", "numba"}


def loaded_by(statement: str) -> set[str]:
    """Top-level modules that a fresh interpreter holds after `statement`."""
    code = f"import sys\n{statement}\nprint(' '.join({{m.split('.')[0] for m in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def modules_of(package: str) -> list[str]:
    """Every module of a package but its commands and migrations."""
    found = []
    for path in sorted((ROOT / package).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        if "migrations" in parts or parts[-1] in {"__main__", "__init__"}:
            continue
        found.append(".".join(parts))
    return found


@pytest.mark.parametrize("package", ["data", "analytics", "generation"])
def test_nothing_below_pages_knows_the_screen(package: str) -> None:
    statement = "import " + ", ".join(modules_of(package))
    assert not loaded_by(statement) & {"streamlit", "plotly"}


def test_what_the_server_imports_never_loads_a_model() -> None:
    components = [m for m in modules_of("pages") if m.startswith("pages.components")]
    assert components
    used_by_pages = "import analytics.irritants, analytics.reviews, analytics.signals.record, data.jobs"
    assert not loaded_by(f"import {', '.join(components)}\n{used_by_pages}") & HEAVY


def test_every_page_lives_one_folder_down() -> None:
    """A file directly in pages/ would be reachable by its address without app.py, so without its guard."""
    assert {p.name for p in (ROOT / "pages").glob("*.py")} == {"__init__.py"}


def test_every_room_has_its_page_and_every_page_its_guard() -> None:
    from pages.components import navigation

    scripts = {room.script for room in navigation.ROOMS}
    on_disk = {
        str(p.relative_to(ROOT))
        for p in (ROOT / "pages").rglob("*.py")
        if "components" not in p.parts and p.name != "__init__.py"
    }
    assert scripts == on_disk
    for room in navigation.ROOMS:
        assert f'identity.guard("{room.slug}")' in (ROOT / room.script).read_text("utf-8")
