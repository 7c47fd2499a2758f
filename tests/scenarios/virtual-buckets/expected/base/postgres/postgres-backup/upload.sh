# Moves a copy to the store that keeps it, and takes away those that are too old. A copy counts once
# its last file is there, which names the digest of all others.
set -eu
stamp=$(ls /backup)
[ -s "/backup/$stamp/SHA256SUMS" ]
rclone copy "/backup/$stamp" "copies:postgres-backups/$stamp"
rclone check --one-way "/backup/$stamp" "copies:postgres-backups/$stamp"
sha256sum "/backup/$stamp/SHA256SUMS" | cut -d' ' -f1 | rclone rcat "copies:postgres-backups/complete/$stamp"
oldest=$(date -u -d "@$(($(date +%s) - 30 * 86400))" +%Y%m%dT%H%M%SZ)
rclone lsf "copies:postgres-backups/complete" | sort | head -n -1 | while read -r old; do
  # Names are times, so the order of the words is that of the times.
  if [ "$(printf '%s\n' "$old" "$oldest" | sort | head -n 1)" = "$old" ]; then
    rclone deletefile "copies:postgres-backups/complete/$old"
    rclone purge "copies:postgres-backups/$old"
  fi
done
echo "copied $stamp"
