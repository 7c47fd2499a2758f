# Puts buckets together as they were at a copy. Whether all of it is there is known before anything is written.
set -eu
. /etc/platformc/copied-buckets.sh
same_platform /tmp/contents/ORIGIN
for bucket in lakefs mlflow; do
  whole "$bucket"
  # Objects that are as the copy has them are those of a restore that was interrupted.
  list "source:$bucket" >/tmp/held
  absent "/tmp/contents/$bucket" /tmp/held >/tmp/others
  [ ! -s /tmp/others ] || [ "${REPLACE:-}" = yes ] || {
    echo "$bucket is not empty: it has $(wc -l </tmp/others) objects that are not in the copy, or of another size;" \
      "with --replace a restore writes over objects and deletes none" >&2
    exit 1
  }
done
for bucket in lakefs mlflow; do
  cut -f1 "/tmp/contents/$bucket" >/tmp/paths
  [ -s /tmp/paths ] || continue
  put_together "$bucket" /tmp/paths "source:$bucket"
  list "source:$bucket" >/tmp/there
  absent /tmp/there "/tmp/contents/$bucket" >/tmp/missing
  [ ! -s /tmp/missing ] || { echo "$bucket differs from its copy of $stamp:" >&2; cat /tmp/missing >&2; exit 1; }
  echo "$bucket is as it was copied at $stamp: $(wc -l <"/tmp/contents/$bucket") objects"
done
