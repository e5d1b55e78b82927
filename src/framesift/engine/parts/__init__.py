"""Scans that outlive anything: a ledger of what is done, parts, shards, growing folders."""

from framesift.engine.parts.folder import Manifest, PartFolder, PartInfo, read_manifests
from framesift.engine.parts.ledger import Entry, Ledger
from framesift.engine.parts.run import PartRun, RunOptions, follow
from framesift.engine.parts.shard import Shard

__all__ = [
    "Entry",
    "Ledger",
    "Manifest",
    "PartFolder",
    "PartInfo",
    "PartRun",
    "RunOptions",
    "Shard",
    "follow",
    "read_manifests",
]
