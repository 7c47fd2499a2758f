"""Programs of a workload on lakeFS: a year of commits on branches, the objects that its collector may free, and a look afterwards."""

from __future__ import annotations

from live.data import S3

CLIENT = f"""{S3}
import json, re, subprocess, time

def lakectl(*words, status=0):
    done = subprocess.run(("lakectl", *words), capture_output=True, text=True)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr
"""
# Commits have the dates that their author gives them. `objects` has, for the keys of the bucket, where the file is in
# lakeFS: its commit, or its branch where it has none, its name and its text.
WRITE = f"""{CLIENT}
objects = {{}}

def put(branch, name):
    repository, ref = branch.split("/")
    text = f"{{len(objects)}} {{branch}}"
    s3.put_object(Bucket=repository, Key=f"{{ref}}/{{name}}", Body=text.encode())
    stat = lakectl("fs", "stat", f"lakefs://{{branch}}/{{name}}")
    objects[re.search(r"Physical Address: s3://lakefs/(\\S+)", stat)[1]] = [branch, name, text]

def delete(branch, name):
    repository, ref = branch.split("/")
    s3.delete_object(Bucket=repository, Key=f"{{ref}}/{{name}}")

def commit(branch, days):
    date = str(int(time.time()) - days * 24 * 3600)
    words = ("--message", f"{{days}} days ago", "--epoch-time-seconds", date)
    commit = re.search(r"ID: (\\w+)", lakectl("commit", f"lakefs://{{branch}}", *words))[1]
    # The commits that keep a file readable when its branch is gone.
    for place in objects.values():
        if place[0] == branch:
            place[0] = branch.split("/")[0] + "/" + commit

def make(branch):
    lakectl("branch", "create", f"lakefs://datasets/{{branch}}", "--source", "lakefs://datasets/main")

for name in ("stays", "replaced", "deleted", "deleted-lately"):
    put("datasets/main", name)
commit("datasets/main", 100)
put("datasets/main", "replaced")
delete("datasets/main", "deleted")
commit("datasets/main", 40)
delete("datasets/main", "deleted-lately")
commit("datasets/main", 15)
for branch in ("trial", "steady"):
    make(branch)
    put(f"datasets/{{branch}}", branch)
    commit(f"datasets/{{branch}}", 12)
    delete(f"datasets/{{branch}}", branch)
    commit(f"datasets/{{branch}}", 10)
for branch, days in (("gone", 40), ("gone-lately", 5)):
    make(branch)
    put(f"datasets/{{branch}}", branch)
    commit(f"datasets/{{branch}}", days)
    lakectl("branch", "delete", f"lakefs://datasets/{{branch}}", "--yes")
put("datasets/main", "uncommitted")
put("datasets/main", "never-committed")
delete("datasets/main", "never-committed")
put("audits/main", "early")
put("audits/main", "late")
commit("audits/main", 500)
delete("audits/main", "early")
commit("audits/main", 400)
delete("audits/main", "late")
commit("audits/main", 40)
print(json.dumps(objects))
"""
# The texts of objects that the rules of the platform let go.
DUE = {
    "1 datasets/main",  # replaced 40 days ago
    "2 datasets/main",  # deleted 40 days ago
    "5 datasets/trial",  # deleted ten days ago, on a branch with seven
    "7 datasets/gone",  # on a branch that is deleted, with its last commit 40 days ago
    "10 datasets/main",  # never committed and on no branch
    "11 audits/main",  # deleted 400 days ago, in a repository with 365
}
READ = f"""{CLIENT}
for ref, name, text in FILES:
    assert lakectl("fs", "cat", f"lakefs://{{ref}}/{{name}}") == text, (ref, name)
for ref, name, text in LOST:
    assert "410 Gone" in lakectl("fs", "cat", f"lakefs://{{ref}}/{{name}}", status=1), (ref, name)
print("read", len(FILES), "lost", len(LOST))
"""
BUCKET = f"""{S3}
store = botocore.session.get_session().create_client(
    "s3", endpoint_url=URL, aws_access_key_id=KEY, aws_secret_access_key=SECRET)
pages = store.get_paginator("list_objects_v2").paginate(Bucket="lakefs")
print("\\n".join(content["Key"] for page in pages for content in page.get("Contents", ())))
"""
