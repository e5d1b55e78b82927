"""scipy and scikit-learn, imported when first needed, with a clear word where they are absent."""

from __future__ import annotations

import importlib
from typing import Any

from framesift.errors import MissingExtraError

__all__ = ["require"]


def require(module: str) -> Any:
    """Import a module of the ``train`` extra, for instance ``scipy.stats``.

    Raises:
        MissingExtraError: It is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = "scikit-learn" if module.startswith("sklearn") else module.partition(".")[0]
        message = (
            f"training and evaluation need {package}, which is not installed; run "
            "pip install 'framesift[train]'"
        )
        raise MissingExtraError(message) from error
