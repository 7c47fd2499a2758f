"""The program of a user's own image: make a branch of a lakeFS repository, write to it and read from it."""

import base64
import json
import os
import urllib.request

import boto3

server = os.environ["LAKECTL_SERVER_ENDPOINT_URL"].rstrip("/").removesuffix("/api/v1")
names = ("LAKECTL_CREDENTIALS_ACCESS_KEY_ID", "LAKECTL_CREDENTIALS_SECRET_ACCESS_KEY")
login = base64.b64encode(":".join(os.environ[name] for name in names).encode()).decode()
request = urllib.request.Request(
    f"{server}/api/v1/repositories/datasets/branches",
    json.dumps({"name": "refresh", "source": "main"}).encode(),
    {"Authorization": f"Basic {login}", "Content-Type": "application/json"},
)
urllib.request.urlopen(request, timeout=30)
store = boto3.client("s3")  # all that it needs stands in the environment and in AWS_CONFIG_FILE
store.put_object(Bucket="datasets", Key="refresh/rows.csv", Body=b"1,2")
rows = store.get_object(Bucket="datasets", Key="refresh/rows.csv")["Body"].read()
print("read from a branch of lakeFS:", rows.decode())
