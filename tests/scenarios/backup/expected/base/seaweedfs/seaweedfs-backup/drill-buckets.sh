# Tries the newest copy: everything that it lists is there, and objects chosen anew each time, as many as the scratch
# disk takes, are put together as by a restore. Those that nobody has written since are compared with the original,
# byte by byte. It writes nowhere but to its own disk.
set -eu
. /etc/platformc/copied-buckets.sh
scratch=/tmp/drill
for bucket in lakefs mlflow; do
  whole "$bucket"
  # A file system takes no longer names.
  shuf "/tmp/contents/$bucket" | awk -F "$tab" -v room=536870912 \
    '$1 !~ /[^\/]{200}/ && total + $2 <= room && count < 1000 { total += $2; count++; print $1 "\t" $2 }' >/tmp/chosen
  cut -f1 /tmp/chosen >/tmp/paths
  [ -s /tmp/paths ] || { echo "$bucket: nothing to try in the copy of $stamp"; continue; }
  put_together "$bucket" /tmp/paths "$scratch/$bucket"
  list "$scratch/$bucket" >/tmp/there
  absent /tmp/there /tmp/chosen >/tmp/missing
  [ ! -s /tmp/missing ] || { echo "$bucket: these do not come back from the copy of $stamp:" >&2; cat /tmp/missing >&2; exit 1; }
  rclone lsf --recursive --files-only --use-server-modtime --format pt --separator "$tab" "source:$bucket" >/tmp/held
  awk -F "$tab" -v chosen=/tmp/paths -v stamp="$stamp" 'FILENAME == chosen { ours[$0] = 1; next }
    { time = $2; gsub(/[-: ]/, "", time) } $1 in ours && time < substr(stamp, 1, 8) substr(stamp, 10, 6) { print $1 }
  ' /tmp/paths /tmp/held >/tmp/unchanged
  [ ! -s /tmp/unchanged ] ||
    rclone check --download --one-way --files-from-raw /tmp/unchanged "$scratch/$bucket" "source:$bucket" 2>/tmp/check || {
    echo "$bucket: the copy of $stamp differs from the originals, which nobody has written since:" >&2
    cat /tmp/check >&2
    exit 1
  }
  echo "$bucket: all of $(wc -l <"/tmp/contents/$bucket") objects are in the copy of $stamp;" \
    "$(wc -l </tmp/paths) came back, $(wc -l </tmp/unchanged) as the originals are"
  rm -r "$scratch"
done
