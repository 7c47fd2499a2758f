import os
from datetime import timedelta

from feast import Entity, FeatureView, Field, FileSource
from feast.types import Float32, Int64

customer = Entity(name="customer", join_keys=["customer_id"])
orders = FileSource(
    path=os.environ["FEAST_OFFLINE_URI"] + "/orders.parquet",
    timestamp_field="event_timestamp",
    s3_endpoint_override=os.environ["FEAST_S3_ENDPOINT_URL"],
)
order_statistics = FeatureView(
    name="order_statistics",
    entities=[customer],
    ttl=timedelta(days=30),
    schema=[
        Field(name="customer_id", dtype=Int64),
        Field(name="order_count", dtype=Int64),
        Field(name="order_value", dtype=Float32),
    ],
    source=orders,
)
