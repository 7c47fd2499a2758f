# Brings the newest complete copy, or the newest until AT, and holds it against its digests: one that is
# broken or cut off ends here, before anything is overwritten.
set -eu
at=${AT:-99999999T999999Z}
# Not by a pipe, which would take a list that breaks off for a whole one. rclone ends with 3 where a folder is not there.
rclone lsf "copies:postgres-backups/complete" >/tmp/complete || [ $? -eq 3 ]
stamp=$(sort /tmp/complete | awk -v at="$at" '$0 <= at' | tail -n 1)
[ -n "$stamp" ] || {
  echo "there is no complete copy before $at" >&2
  exit 1
}
mkdir "/backup/$stamp"
rclone copy "copies:postgres-backups/$stamp" "/backup/$stamp"
wanted=$(rclone cat "copies:postgres-backups/complete/$stamp")
found=$(sha256sum "/backup/$stamp/SHA256SUMS" | cut -d' ' -f1)
[ "$found" = "$wanted" ] || { echo "$stamp: its list of digests is not the one that was written" >&2; exit 1; }
cd "/backup/$stamp"
sha256sum -c SHA256SUMS || { echo "$stamp is broken; name an earlier one by AT" >&2; exit 1; }
echo "took $stamp"
