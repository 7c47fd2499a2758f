# Copies every bucket. What changed or went since the last copy is kept under the time of this one, so
# that any state of the last 30 days can be put together again; see restore-buckets.sh.
set -eu
RCLONE_CONFIG_SAFE_PASSWORD=$(printf %s "$BACKUP_KEY" | rclone obscure -)
export RCLONE_CONFIG_SAFE_PASSWORD
stamp=$(date -u +%Y%m%dT%H%M%SZ)
mkdir -p /tmp/contents
echo "lakefs mlflow" >/tmp/contents/BUCKETS
cp /etc/platformc/origin /tmp/contents/ORIGIN
for bucket in lakefs mlflow; do
  rclone sync "source:$bucket" "safe:/current/$bucket" --backup-dir "safe:/replaced/$stamp/$bucket"
  # Not by a pipe, which would take a list that breaks off for a whole one.
  rclone lsf --recursive --files-only --format ps --separator "$(printf '\t')" "safe:/current/$bucket" >/tmp/listed
  LC_ALL=C sort /tmp/listed >"/tmp/contents/$bucket"
  echo "$bucket: $(wc -l <"/tmp/contents/$bucket") objects"
done
rclone copy /tmp/contents "safe:/contents/$stamp"
(cd /tmp/contents && sha256sum -- *) | rclone rcat "safe:/complete/$stamp"
oldest=$(date -u -d "@$(($(date +%s) - 30 * 86400))" +%Y%m%dT%H%M%SZ)
rclone lsf "safe:/complete" | sort | head -n -1 | while read -r old; do
  # Names are times, so the order of the words is that of the times.
  if [ "$(printf '%s\n' "$old" "$oldest" | sort | head -n 1)" = "$old" ]; then
    rclone deletefile "safe:/complete/$old"
    rclone purge "safe:/contents/$old"
    rclone purge "safe:/replaced/$old" || true  # where nothing had changed, there is none
  fi
done
echo "copied $stamp"
