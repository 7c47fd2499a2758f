# Moves a copy to the store that keeps it, and takes away those that are too old. A copy counts once
# its last file is there, which names the digest of all others.
set -eu
stamp=$(ls /backup)
[ -s "/backup/$stamp/SHA256SUMS" ]
rclone copy "/backup/$stamp" "copies:postgres-backups/$stamp"
rclone check --one-way "/backup/$stamp" "copies:postgres-backups/$stamp"
sha256sum "/backup/$stamp/SHA256SUMS" | cut -d' ' -f1 | rclone rcat "copies:postgres-backups/complete/$stamp"
# Prints the times of copies that are too old: of whole ones but the newest, and of what copies that broke off have left.
old_copies() { # FOLDER...: where each copy has a folder
  oldest=$(date -u -d "@$(($(date +%s) - KEEP_DAYS * 86400))" +%Y%m%dT%H%M%SZ)
  rclone lsf "copies:postgres-backups/complete" >/tmp/complete
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
  ! grep -qx "$1" /tmp/complete || rclone deletefile "copies:postgres-backups/complete/$1"
  shift
  for folder in "$@"; do
    rclone purge "$folder" 2>/tmp/none || [ $? -eq 3 ] || { cat /tmp/none >&2; return 1; }
  done
}
old_copies "copies:postgres-backups" >/tmp/old
while read -r old; do
  delete "$old" "copies:postgres-backups/$old"
done </tmp/old
echo "copied $stamp"
