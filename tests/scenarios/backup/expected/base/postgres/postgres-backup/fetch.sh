# Brings the newest complete copy, or the newest until AT, and holds it against its digests: one that is
# broken or cut off ends here, before anything is overwritten.
set -eu
RCLONE_CONFIG_SAFE_PASSWORD=$(printf %s "$BACKUP_KEY" | rclone obscure -)
export RCLONE_CONFIG_SAFE_PASSWORD
at=${AT:-99999999T999999Z}
# Not by a pipe, which would take a list that breaks off for a whole one. rclone ends with 3 where a folder is not there.
rclone lsf "safe:/complete" >/tmp/complete || [ $? -eq 3 ]
stamp=$(sort /tmp/complete | awk -v at="$at" '$0 <= at' | tail -n 1)
[ -n "$stamp" ] || {
  echo "there is no complete copy before $at" >&2
  # With another key most names cannot be read, but about one of 256 is read as another name.
  [ -z "$(rclone lsf "copies:postgres-backups" | head -n 1)" ] || rclone lsf "safe:" | grep -qE '^(complete|[0-9]{8}T[0-9]{6}Z)/$' ||
    echo "but the bucket is not empty: the key in the Secret postgres-backup-key is not the one of its copies" >&2
  exit 1
}
mkdir "/backup/$stamp"
rclone copy "safe:/$stamp" "/backup/$stamp"
wanted=$(rclone cat "safe:/complete/$stamp")
found=$(sha256sum "/backup/$stamp/SHA256SUMS" | cut -d' ' -f1)
[ "$found" = "$wanted" ] || { echo "$stamp: its list of digests is not the one that was written" >&2; exit 1; }
cd "/backup/$stamp"
sha256sum -c SHA256SUMS || { echo "$stamp is broken; name an earlier one by AT" >&2; exit 1; }
echo "took $stamp"
