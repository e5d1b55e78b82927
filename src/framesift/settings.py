"""Settings of the command line: option, then environment, then configuration file, then default.

Environment variables are the field's name in capitals after ``FRAMESIFT_``. The configuration file
is ``config.toml`` in the platform's configuration folder, or the file that ``FRAMESIFT_CONFIG``
names. A file in the *current* folder is never read: a folder of pictures from a stranger must not
be able to bring its own policy along.
"""

from __future__ import annotations

import os
import tomllib
from difflib import get_close_matches
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from platformdirs import user_config_path
from pydantic import AfterValidator, BeforeValidator, ByteSize, Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from framesift.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["PREFIX", "Settings", "config_file", "load_settings", "origins", "unknown_variables"]

PREFIX = "FRAMESIFT_"
_CONFIG_VARIABLE = "FRAMESIFT_CONFIG"
_PATH_KEYS = ("policy", "cache_dir")


def _whole_pixels(value: object) -> object:
    """Read ``100M`` or ``2.5k`` as a number of pixels; anything else is left to pydantic."""
    units = {"k": 10**3, "m": 10**6, "g": 10**9}
    text = str(value).strip().lower()
    if isinstance(value, str) and text[-1:] in units:
        try:
            return int(Fraction(text[:-1]) * units[text[-1]])
        except ValueError:
            return value
    return value


def _home(path: Path) -> Path:
    return path.expanduser()


_UserPath = Annotated[Path, AfterValidator(_home)]
_Pixels = Annotated[int, BeforeValidator(_whole_pixels), Field(gt=0)]


class Settings(BaseSettings):
    """Every setting of ``scan`` and ``filter``; docs/configuration.md explains each."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
        protected_namespaces=(),
    )

    model: str = Field("auto", pattern=r"\S")
    precision: Literal["auto", "fp32", "fp16", "int8"] = "auto"
    device: Literal["auto", "cpu", "cuda"] = "auto"
    offline: bool = False
    quality: str = Field("auto", pattern=r"\S")
    known: str = Field("auto", pattern=r"\S")
    policy: _UserPath | None = None
    captions: str = Field("auto", pattern=r"\S")
    caption_encoding: str = Field("auto", pattern=r"\S")
    fail_on: Literal["review", "block"] | None = None
    exact: bool = False
    sampler: Literal["adaptive", "keyframes", "uniform"] = "adaptive"
    fps: float = Field(1.0, gt=0, le=1000)
    max_frames: int = Field(600, ge=1)
    workers: int | None = Field(None, ge=1, le=256)
    batch_size: int | None = Field(None, ge=1, le=4096)
    cache: bool = True
    cache_dir: _UserPath | None = None
    max_bytes: ByteSize | None = Field(None, gt=0)
    max_pixels: _Pixels | None = None
    max_duration_s: float | None = Field(None, gt=0)
    max_decode_s: float | None = Field(None, gt=0)
    hidden: bool = False
    all_files: bool = False
    research_mode: str | None = Field(None, pattern=r"\S", max_length=200)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - no .env: see the module
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Option, environment, file; nothing from the current folder."""
        return init_settings, env_settings, _FileSource(settings_cls, toml_file=config_file())


class _FileSource(TomlConfigSettingsSource):
    """The configuration file; its relative paths start from its own folder."""

    def __call__(self) -> dict[str, Any]:
        values = dict(super().__call__())
        for key in _PATH_KEYS:
            if isinstance(values.get(key), str):
                values[key] = str(config_file().parent / Path(values[key]).expanduser())
        for key in ("captions", "known"):
            named = values.get(key)
            if isinstance(named, str) and named not in ("auto", "none"):
                values[key] = str(config_file().parent / Path(named).expanduser())
        return values


def config_file() -> Path:
    """Return the configuration file that is read if it exists."""
    named = os.environ.get(_CONFIG_VARIABLE)
    if named:
        return Path(named).expanduser()
    return user_config_path("framesift", appauthor=False) / "config.toml"


def load_settings(options: Mapping[str, object] | None = None) -> Settings:
    """Merge options (those the user gave), environment, file and defaults.

    Raises:
        ConfigError: A value or a key is not valid; the message says where it stands.
    """
    options = dict(options or {})
    if os.environ.get(_CONFIG_VARIABLE) and not config_file().is_file():
        message = f"{_CONFIG_VARIABLE} names a file that is not there; correct it or unset it"
        raise ConfigError(message, source=str(config_file()))
    try:
        return Settings(**options)  # type: ignore[arg-type]  # pydantic checks the values
    except tomllib.TOMLDecodeError as error:
        message = f"not valid TOML: {error}; correct it or remove the file"
        raise ConfigError(message, source=str(config_file())) from error
    except OSError as error:
        message = f"cannot be read ({error.strerror}); check its permissions"
        raise ConfigError(message, source=str(config_file())) from error
    except ValidationError as error:
        raise ConfigError(_explain(error, options)) from error


def origins(options: Mapping[str, object] | None = None) -> dict[str, str]:
    """Say of every setting where its value comes from: option, variable, file or ``default``."""
    file_keys = _FileSource(Settings, toml_file=config_file())()
    return {name: _origin(name, options or {}, file_keys) for name in Settings.model_fields}


def unknown_variables() -> list[str]:
    """Return names in the environment that look like settings but are none: typing mistakes."""
    known = {PREFIX + name.upper() for name in Settings.model_fields} | {_CONFIG_VARIABLE}
    return sorted(name for name in os.environ if name.startswith(PREFIX) and name not in known)


def _origin(name: str, options: Mapping[str, object], file_keys: Mapping[str, object]) -> str:
    if name in options:
        return "--" + name.removesuffix("_s").replace("_", "-")
    if name in EnvSettingsSource(Settings, env_ignore_empty=True, env_prefix=PREFIX)():
        return PREFIX + name.upper()
    return str(config_file()) if name in file_keys else "default"


def _explain(error: ValidationError, options: Mapping[str, object]) -> str:
    """Turn pydantic's first complaint into a sentence that names the option, variable or key."""
    first = error.errors()[0]
    name = str(first["loc"][0]) if first["loc"] else ""
    if first["type"] == "extra_forbidden":
        close = get_close_matches(name, Settings.model_fields, n=1)
        hint = f"did you mean {close[0]!r}?" if close else "see `framesift config`"
        return f"{config_file()}: {name!r} is not a setting; {hint}"
    file_keys = _FileSource(Settings, toml_file=config_file())()
    where = _origin(name, options, file_keys)
    if where == str(config_file()):
        where = f"{where}: {name}"
    reason = first["msg"][:1].lower() + first["msg"][1:]
    return f"{where}: {first['input']!r} is not valid: {reason}"
