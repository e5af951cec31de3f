"""Every setting of the product, in one place, each with its default and what it changes.

Settings come from the environment (`VIGIE_*`) or a `.env` file; a command's `--home` wins over both. A setting
that is not here does not exist: `tests/unit/test_settings.py` holds the README's table to this class.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Settings of one process. Paths may be relative: they are then taken from the working directory."""

    model_config = SettingsConfigDict(env_prefix="VIGIE_", env_file=".env", extra="ignore", frozen=True)

    home: Path = Field(default=Path("var"), description="Folder of snapshots, operations database, models and jobs.")
    operations_url: str = Field(
        default="", description="SQLAlchemy URL of the operations store; empty = SQLite in home."
    )
    model: str = Field(default="extractive", description="Drafting model: extractive, a .gguf path, or a server's URL.")
    model_name: str = Field(default="", description="Model name asked of an OpenAI-compatible server.")
    model_key: str = Field(default="", description="API key of that server.")
    model_threads: int = Field(default=2, ge=1, description="Processor threads the llama.cpp model may use.")
    model_context: int = Field(default=4096, ge=512, description="Context window of the llama.cpp model, in tokens.")
    prompt: str = Field(
        default="reply-3",
        description="Version of the prompt in service: a name of generation/prompts or <home>/prompts.",
    )
    embeddings: Path | None = Field(
        default=None,
        description="Folder of a model2vec or sentence-transformers model for the irritants; empty = none.",
    )
    demo_reviews: int = Field(default=20_000, ge=100, description="Reviews of the demo that an empty home prepares.")
    auto_demo: bool = Field(default=True, description="Prepare the demo by itself when home holds no data.")
    dev_identity: bool = Field(
        default=True, description="Role chosen in the sidebar; works on loopback addresses only."
    )
    personal_days: int = Field(
        default=90, ge=1, description="Days each person's timings are kept; only sums by structure are left after."
    )
    webhook_url: str = Field(default="", description="Where replies sent are offered for publication; empty = nowhere.")
    webhook_secret: str = Field(default="", description="Shared secret that signs what is offered there.")
    target_days: int = Field(default=15, ge=1, description="Delay a reply should not exceed, in days.")
    smtp_url: str = Field(
        default="",
        description="SMTP server that messages leave by: smtp://, smtps:// or smtp+starttls://; empty = files.",
    )
    mail_from: str = Field(default="vigie@localhost.localdomain", description="Address that messages are sent from.")

    @property
    def operations(self) -> str:
        """URL of the operations store in force."""
        return self.operations_url or f"sqlite:///{(self.home / 'operations.sqlite').resolve()}"


def load(home: Path | str | None = None) -> Settings:
    """Settings of this process, read again when its environment or its `.env` file changes; `home` given on a command line
    wins over the environment.
    """
    file = Path(".env").absolute()
    written = file.stat().st_mtime_ns if file.exists() else None
    settings = _read(file, written, tuple(os.environ.items()))
    return settings.model_copy(update={"home": Path(home)}) if home is not None else settings


@lru_cache(maxsize=4)
def _read(file: Path, written: int | None, environment: tuple[tuple[str, str], ...]) -> Settings:
    """A page asks for its settings some twenty times a run, and reading them takes milliseconds."""
    return Settings()
