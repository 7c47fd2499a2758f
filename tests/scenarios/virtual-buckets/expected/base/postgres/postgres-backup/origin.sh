# Refuses a copy of another platform, and one that is newer than the servers that would read it. A copy's
# ORIGIN and /etc/platformc/origin have the same lines: `platform NAME/INSTANCE`, `server RELEASE`
# and `schema DATABASE COMPONENT IMAGE RELEASE`.
here=/etc/platformc/origin
newer() { # A B: whether release A comes after release B
  [ "$1" != "$2" ] && [ "$(printf '%s\n' "$1" "$2" | sort -V | tail -n 1)" = "$1" ]
}
same_platform() { # ORIGIN
  [ -f "$1" ] || { echo "this copy does not say which platform it is of"; return 0; }
  copied=$(awk '$1 == "platform" { print $2 }' "$1")
  current=$(awk '$1 == "platform" { print $2 }' "$here")
  [ "$copied" = "$current" ] || [ "${copied%/*}" = "${FROM:-}" ] || {
    echo "this copy is of $copied, not of $current; if you want it here, say so: --from ${copied%/*}" >&2
    return 1
  }
}
not_newer() { # ORIGIN SERVER_RELEASE
  [ -f "$1" ] || return 0
  while read -r word first second third fourth; do
    if [ "$word" = server ] && newer "$first" "$2"; then
      echo "this copy is of a server of release $first, and this one is $2: set its image to $first or newer" >&2
      return 1
    fi
    [ "$word" = schema ] || continue
    now=$(awk -v d="$first" -v c="$second" -v i="$third" '$1 == "schema" && $2 == d && $3 == c && $4 == i { print $5 }' "$here")
    if [ -n "$now" ] && newer "$fourth" "$now"; then
      echo "$second $fourth has written the schema of $first in this copy, and $second $now refuses it:" \
        "set the image of $second to $fourth or newer, or take an earlier copy with --at" >&2
      return 1
    fi
  done <"$1"
}
