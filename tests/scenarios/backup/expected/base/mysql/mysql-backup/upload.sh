# Moves a copy to the store that keeps it, and takes away those that are too old. A copy counts once
# its last file is there, which names the digest of all others.
set -eu
RCLONE_CONFIG_SAFE_PASSWORD=$(printf %s "$BACKUP_KEY" | rclone obscure -)
export RCLONE_CONFIG_SAFE_PASSWORD
stamp=$(ls /backup)
[ -s "/backup/$stamp/SHA256SUMS" ]
rclone copy "/backup/$stamp" "safe:/$stamp"
rclone check --one-way "/backup/$stamp" "safe:/$stamp"
sha256sum "/backup/$stamp/SHA256SUMS" | cut -d' ' -f1 | rclone rcat "safe:/complete/$stamp"
oldest=$(date -u -d "@$(($(date +%s) - 30 * 86400))" +%Y%m%dT%H%M%SZ)
rclone lsf "safe:/complete" | sort | head -n -1 | while read -r old; do
  # Names are times, so the order of the words is that of the times.
  if [ "$(printf '%s\n' "$old" "$oldest" | sort | head -n 1)" = "$old" ]; then
    rclone deletefile "safe:/complete/$old"
    rclone purge "safe:/$old"
  fi
done
echo "copied $stamp"
