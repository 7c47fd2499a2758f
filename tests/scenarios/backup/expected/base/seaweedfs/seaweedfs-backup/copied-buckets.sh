# Finds the newest copy of the buckets, or the newest until AT, and holds its lists against their digest. A bucket
# of then is what is current, and over it what later copies have put aside, the latest first.
RCLONE_CONFIG_SAFE_PASSWORD=$(printf %s "$BACKUP_KEY" | rclone obscure -)
export RCLONE_CONFIG_SAFE_PASSWORD
. /etc/platformc/origin.sh
tab=$(printf '\t')
absent() { # THERE LIST: the paths of LIST that THERE lacks, or has with another size
  awk -F "$tab" -v there="$1" 'FILENAME == there { size[$1] = $2; next } !($1 in size) || size[$1] != $2 { print $1 }' "$1" "$2"
}
list() { rclone lsf --recursive --files-only --format ps --separator "$tab" "$1"; }
# What is there: rclone ends with 3 where a folder is not there, and otherwise where a store does not answer.
of_copies() { "$@" 2>/tmp/none || [ $? -eq 3 ] || { cat /tmp/none >&2; return 1; }; }
whole() { # BUCKET: whether everything that the copy lists is there
  [ -f "/tmp/contents/$1" ] || : >"/tmp/contents/$1"  # a bucket that is newer than the copy
  of_copies list "safe:/current/$1" >/tmp/there
  while read -r later; do
    of_copies list "safe:/replaced/$later/$1" >>/tmp/there
  done </tmp/later
  # Of each object the last line counts: that of the earliest copy after this one.
  absent /tmp/there "/tmp/contents/$1" >/tmp/missing
  [ ! -s /tmp/missing ] || { echo "$stamp is broken; of $1 these are missing or cut off:" >&2; cat /tmp/missing >&2; return 1; }
}
put_together() { # BUCKET PATHS TARGET
  of_copies rclone copy --files-from-raw "$2" "safe:/current/$1" "$3"
  while read -r later; do
    of_copies rclone copy --files-from-raw "$2" "safe:/replaced/$later/$1" "$3"
  done </tmp/later
}
at=${AT:-99999999T999999Z}
# Not by a pipe, which would take a list that breaks off for a whole one.
of_copies rclone lsf "safe:/complete" >/tmp/complete
stamp=$(sort /tmp/complete | awk -v at="$at" '$0 <= at' | tail -n 1)
[ -n "$stamp" ] || {
  echo "there is no complete copy before $at" >&2
  # With another key most names cannot be read, but about one of 256 is read as another name.
  [ -z "$(rclone lsf "copies:seaweedfs-backups" | head -n 1)" ] || rclone lsf "safe:" | grep -qE '^(complete|current)/$' ||
    echo "but the bucket is not empty: the key in the Secret seaweedfs-backup-key is not the one of its copies" >&2
  exit 1
}
of_copies rclone lsf --dirs-only "safe:/replaced" >/tmp/replaced
tr -d / </tmp/replaced | awk -v at="$stamp" '$0 > at' | sort -r >/tmp/later
mkdir -p /tmp/contents
rclone copy "safe:/contents/$stamp" /tmp/contents
rclone cat "safe:/complete/$stamp" >/tmp/sums
(cd /tmp/contents && sha256sum -c /tmp/sums) || { echo "$stamp: its lists are not those that were written" >&2; exit 1; }
