# Puts buckets together as they were at the newest copy, or the newest before AT: what is current, and over
# it what later copies have put aside, the latest first. Whether all of it is there is known before anything
# is written.
set -eu
RCLONE_CONFIG_SAFE_PASSWORD=$(printf %s "$BACKUP_KEY" | rclone obscure -)
export RCLONE_CONFIG_SAFE_PASSWORD
. /etc/platformc/origin.sh
tab=$(printf '\t')
absent() { # THERE LIST: the paths of LIST that THERE lacks, or has with another size
  awk -F "$tab" -v there="$1" 'FILENAME == there { size[$1] = $2; next } !($1 in size) || size[$1] != $2 { print $1 }' "$1" "$2"
}
list() { rclone lsf --recursive --files-only --format ps --separator "$tab" "$1"; }
at=${AT:-99999999T999999Z}
rclone lsf "safe:/complete" | sort >/tmp/complete
stamp=$(awk -v at="$at" '$0 <= at' /tmp/complete | tail -n 1)
[ -n "$stamp" ] || {
  echo "there is no complete copy before $at" >&2
  [ -z "$(rclone lsf "copies:seaweedfs-backups" | head -n 1)" ] || [ -n "$(rclone lsf "safe:" | head -n 1)" ] ||
    echo "but the bucket is not empty: the key in the Secret seaweedfs-backup-key is not the one of its copies" >&2
  exit 1
}
rclone lsf --dirs-only "safe:/replaced" 2>/tmp/none | tr -d / | awk -v at="$stamp" '$0 > at' | sort -r >/tmp/later
mkdir -p /tmp/contents
rclone copy "safe:/contents/$stamp" /tmp/contents
rclone cat "safe:/complete/$stamp" >/tmp/sums
(cd /tmp/contents && sha256sum -c /tmp/sums) || { echo "$stamp: its lists are not those that were written" >&2; exit 1; }
same_platform /tmp/contents/ORIGIN
for bucket in lakefs mlflow; do
  [ -f "/tmp/contents/$bucket" ] || : >"/tmp/contents/$bucket"  # a bucket that is newer than the copy
  list "safe:/current/$bucket" >/tmp/there 2>/tmp/none || true
  while read -r later; do
    list "safe:/replaced/$later/$bucket" >>/tmp/there 2>/tmp/none || true
  done </tmp/later
  # Of each object the last line counts: that of the earliest copy after this one.
  absent /tmp/there "/tmp/contents/$bucket" >/tmp/missing
  [ ! -s /tmp/missing ] || { echo "$stamp is broken; of $bucket these are missing or cut off:" >&2; cat /tmp/missing >&2; exit 1; }
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
  rclone copy --files-from-raw /tmp/paths "safe:/current/$bucket" "source:$bucket"
  while read -r later; do
    rclone copy --files-from-raw /tmp/paths "safe:/replaced/$later/$bucket" "source:$bucket" || true
  done </tmp/later
  list "source:$bucket" >/tmp/there
  absent /tmp/there "/tmp/contents/$bucket" >/tmp/missing
  [ ! -s /tmp/missing ] || { echo "$bucket differs from its copy of $stamp:" >&2; cat /tmp/missing >&2; exit 1; }
  echo "$bucket is as it was copied at $stamp: $(wc -l <"/tmp/contents/$bucket") objects"
done
