import yaml

from purchase.models.vouched import folder_hash


def lock_for(folder):
    """Write a ``dvc.lock`` beside a folder that vouches for its files as they are; return its path."""
    outs = [{"path": folder.name, "hash": "md5", "md5": folder_hash(folder)}]
    lock = folder.parent / "dvc.lock"
    lock.write_text(yaml.safe_dump({"schema": "2.0", "stages": {"train": {"outs": outs}}}), encoding="utf-8")
    return lock
