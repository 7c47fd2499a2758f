"""Words of other tools, and the keys and values of platform.yaml that mean the same.

From KServe's and Knative's keys and modes, Helm charts' usual values, Kubernetes' Jobs, and the
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

# Words that mean nearly the same, in another unit or of another thing: suggested, never corrected.
SIMILAR = {
    "canaryTrafficPercent": "canary",
    "weight": "percent",
    "capacity": "storage",
    "activeDeadlineSeconds": "timeout",
    "default_pool_size": "poolSize",
    "maxmemoryPolicy": "eviction",
    "containerConcurrency": "targetConcurrency",
    "instances": "replicas",
}
