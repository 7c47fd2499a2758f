import os

from fsspec.implementations.arrow import ArrowFSWrapper
from pyarrow.fs import S3FileSystem


class FileSystem(ArrowFSWrapper):
    """S3 as fsspec wants it, by pyarrow; keys, region and endpoint come from the environment."""

    protocol = "s3"

    def __init__(self, client_kwargs=None, **options):
        endpoint = (client_kwargs or {}).get("endpoint_url", os.environ["AWS_ENDPOINT_URL_S3"])
        trusted = os.environ.get("AWS_CA_BUNDLE")
        super().__init__(
            S3FileSystem(endpoint_override=endpoint, tls_ca_file_path=trusted), **options
        )
