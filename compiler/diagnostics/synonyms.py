"""Words of other tools, and the keys and values of platform.yaml that mean the same.

From KServe's and Knative's keys and modes, Helm charts' usual values, Kubernetes' Jobs, and the
settings of Redis, PostgreSQL and PgBouncer.
"""

SYNONYMS = {
    "storageUri": "uri",
    "modelUri": "uri",
    "modelFormat": "format",
    "canaryTrafficPercent": "canary",
    "weight": "percent",
    "minScale": "minReplicas",
    "maxScale": "maxReplicas",
    "RawDeployment": "standard",
    "Knative": "serverless",
    "replicaCount": "replicas",
    "storageClassName": "storageClass",
    "capacity": "storage",
    "environment": "env",
    "cron": "schedule",
    "backoffLimit": "retries",
    "activeDeadlineSeconds": "timeout",
    "runAsUser": "user",
    "gpus": "gpu",
    "maxmemory": "memory",
    "maxmemory-policy": "eviction",
    "max_client_conn": "maxClientConnections",
    "default_pool_size": "poolSize",
    "databaseName": "database",
    "bucketName": "bucket",
}
