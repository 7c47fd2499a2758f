"""List words of other tools with the keys and values of platform.yaml that mean the same.

They are KServe's and Knative's keys and modes, usual values of Helm charts, keys of Kubernetes' Jobs, and
settings of Redis, PostgreSQL and PgBouncer.
"""

SYNONYMS = {
    "storageUri": "uri",
    "modelUri": "uri",
    "modelFormat": "format",
    "minScale": "minReplicas",
    "maxScale": "maxReplicas",
    "RawDeployment": "standard",
    "Knative": "serverless",
    "replicaCount": "replicas",
    "storageClassName": "storageClass",
    "environment": "env",
    "cron": "schedule",
    "backoffLimit": "retries",
    "runAsUser": "user",
    "gpus": "gpu",
    "maxmemory-policy": "eviction",
    "max_client_conn": "maxClientConnections",
    "databaseName": "database",
    "bucketName": "bucket",
    "retention": "keep",
    "retentionPolicy": "keep",
}

# Words that mean nearly the same, but in another unit or of another object: suggested, never corrected.
SUGGESTIONS = {
    "canaryTrafficPercent": "canary",
    "framework": "format",
    "weight": "percent",
    "capacity": "storage",
    "activeDeadlineSeconds": "timeout",
    "default_pool_size": "poolSize",
    "maxmemoryPolicy": "eviction",
    "containerConcurrency": "targetConcurrency",
    "instances": "replicas",
}
