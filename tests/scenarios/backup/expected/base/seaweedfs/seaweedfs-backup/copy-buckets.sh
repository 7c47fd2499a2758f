# Copies every bucket. What changed or went since the last copy is kept under the time of this one, so
# that any state of the last KEEP_DAYS days can be put together again; see restore-buckets.sh.
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
# Prints the times of copies that are too old: of whole ones but the newest, and of what copies that broke off have left.
old_copies() { # FOLDER...: where each copy has a folder
  oldest=$(date -u -d "@$(($(date +%s) - KEEP_DAYS * 86400))" +%Y%m%dT%H%M%SZ)
  rclone lsf "safe:/complete" >/tmp/complete
  cp /tmp/complete /tmp/copies
  for folder in "$@"; do
    # It ends with 3 where the folder is not there.
    rclone lsf --dirs-only "$folder" >/tmp/folders || [ $? -eq 3 ]
    tr -d / </tmp/folders >>/tmp/copies
  done
  # Names are times, so the order of the words is that of the times.
  sort -u /tmp/copies | awk -v oldest="$oldest" -v newest="$(sort /tmp/complete | tail -n 1)" \
    '/^[0-9]+T[0-9]+Z$/ && $0 <= oldest && $0 != newest'
}
delete() { # TIME FOLDER...: first what makes it count, then its folders, of which some may not be there
  ! grep -qx "$1" /tmp/complete || rclone deletefile "safe:/complete/$1"
  shift
  for folder in "$@"; do
    rclone purge "$folder" 2>/tmp/none || [ $? -eq 3 ] || { cat /tmp/none >&2; return 1; }
  done
}
old_copies "safe:/contents" "safe:/replaced" >/tmp/old
while read -r old; do
  delete "$old" "safe:/contents/$old" "safe:/replaced/$old"
done </tmp/old
echo "copied $stamp"
