# Read by Python at its start. pandas and Dask find S3 through fsspec, which wants s3fs, and Feast's
# own image has none; pyarrow, which it has, speaks S3 too. Where s3fs is installed, it stays.
from importlib.util import find_spec

if find_spec("fsspec") and find_spec("pyarrow") and not find_spec("s3fs"):
    import fsspec

    fsspec.register_implementation("s3", "arrow_s3.FileSystem", clobber=True)
