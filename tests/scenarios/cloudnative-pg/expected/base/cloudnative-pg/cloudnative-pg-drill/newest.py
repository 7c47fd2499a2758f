"""Prints the end of an archive: its newest base backup that is complete, the time of its end, and the last file of its log.

Barman lists base backups; it has no command that lists the log.
"""

import json
import os
import re
import sys
from datetime import datetime, timezone

import boto3

bucket, archive = sys.argv[1:]


def end(backup):
    # Barman's older releases write no offset: the time of the server, which has UTC.
    text = backup.get("end_time_iso") or ""
    time = datetime.fromisoformat(text) if text else datetime.strptime(backup["end_time"], "%c")
    return (time if time.tzinfo else time.replace(tzinfo=timezone.utc)).timestamp()


complete = [b for b in json.load(sys.stdin)["backups_list"] if b["status"] == "DONE"]
if not complete:
    sys.exit()
newest = max(complete, key=end)
store = boto3.client("s3", endpoint_url=os.environ["AWS_ENDPOINT_URL_S3"])
pages = store.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{archive}/wals/")
names = (item["Key"].rpartition("/")[2].partition(".") for page in pages for item in page.get("Contents", ()))
segments = [name for name, _, end_of_name in names if re.fullmatch("[0-9A-F]{24}", name) and end_of_name in ("", "gz")]
print(newest["backup_id"], int(end(newest)), max(segments, default="none"))
