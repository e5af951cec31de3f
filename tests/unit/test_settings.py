"""Settings: each one documented, none unknown, a command line wins over the environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from data import settings

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", sorted(settings.Settings.model_fields))
def test_every_setting_is_in_the_readme_with_its_meaning(name: str) -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    assert f"`VIGIE_{name.upper()}`" in readme
    assert settings.Settings.model_fields[name].description


def test_home_of_the_command_line_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("VIGIE_HOME", "/elsewhere")
    assert settings.load().home == Path("/elsewhere")
    assert settings.load(tmp_path).home == tmp_path


def test_operations_default_to_a_file_in_home(tmp_path: Path) -> None:
    assert settings.load(tmp_path).operations.endswith("operations.sqlite")
