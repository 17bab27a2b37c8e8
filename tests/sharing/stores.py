"""What lies on a remote, seen from its own side: objects under their md5."""

import hashlib
from pathlib import Path


class FolderStore:
    """The folder of a remote; also a clone's cache."""

    def __init__(self, folder):
        self.folder = Path(folder) / "files/md5"

    def beside(self, name):
        """The remote whose URL ends in -name."""
        place = self.folder.parents[1]
        return FolderStore(place.with_name(f"{place.name}-{name}"))

    def _path(self, oid):
        return self.folder / oid[:2] / oid[2:]

    def oids(self):
        return {path.parent.name + path.name for path in self.folder.glob("??/*") if path.suffix != ".tmp"}

    def read(self, oid):
        return self._path(oid).read_bytes()

    def write(self, oid, content):
        """Replace an object's content and keep its mode, as a failing disk does."""
        path = self._path(oid)
        mode = path.stat().st_mode
        path.chmod(0o600)
        path.write_bytes(content)
        path.chmod(mode)

    def remove(self, oid):
        self._path(oid).unlink()


class BucketStore:
    """A prefix of a bucket; ``client`` is boto3's."""

    def __init__(self, client, bucket, prefix):
        self.client, self.bucket, self.prefix = client, bucket, prefix

    def beside(self, name):
        """The remote whose URL ends in -name."""
        return BucketStore(self.client, self.bucket, f"{self.prefix}-{name}")

    def _at(self, oid):
        return {"Bucket": self.bucket, "Key": f"{self.prefix}/files/md5/{oid[:2]}/{oid[2:]}"}

    def oids(self):
        listed = self.client.list_objects_v2(Bucket=self.bucket, Prefix=f"{self.prefix}/files/md5/")
        return {"".join(entry["Key"].split("/")[-2:]) for entry in listed["Contents"]}

    def read(self, oid):
        return self.client.get_object(**self._at(oid))["Body"].read()

    def write(self, oid, content):
        self.client.put_object(**self._at(oid), Body=content)

    def remove(self, oid):
        self.client.delete_object(**self._at(oid))


def damaged(store):
    """Return the objects whose content is not what their name says."""
    return {oid for oid in store.oids() if hashlib.md5(store.read(oid)).hexdigest() != oid.removesuffix(".dir")}
