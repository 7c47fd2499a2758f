# Frees the objects that the rules let go, one repository after the other. One that fails stops no other.
set -u
failed=
for repository in datasets features; do
  echo "collecting $repository"
  "${SPARK_HOME:-/opt/spark}/bin/spark-submit" --properties-file /etc/lakefs-gc/spark.properties \
    --class io.treeverse.gc.GarbageCollection /opt/lakefs/collector.jar "$repository" us-east-1 ||
    failed="$failed $repository"
done
if [ -n "$failed" ]; then
  echo "not collected:$failed" >&2
  exit 1
fi
