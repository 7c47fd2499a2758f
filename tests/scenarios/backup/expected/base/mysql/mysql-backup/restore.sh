# Restores a copy that fetch.sh found whole, and compares the result with the copy. MODE is `restore`, or
# `drill`: to scratch databases, which are dropped. A restore may run again: it skips each database that is
# as it was copied. MySQL has no transaction for tables, so a table marks a database until it is whole.
set -eu
. /etc/platformc/contents.sh
. /etc/platformc/origin.sh
mark=platformc_restoring
tables() { # DATABASE
  ask --execute="SELECT table_name FROM information_schema.tables WHERE table_schema = '$1' ORDER BY 1"
}
copied() { ls "$1".sql* >/dev/null 2>&1; } # DATABASE
statements() { # DATABASE: as they were dumped; earlier releases of platformc did not compress them
  if [ -f "$1.sql" ]; then cat "$1.sql"; else gzip --decompress --stdout "$1.sql.gz"; fi
}
interrupted() { printf '%s\n' "$1" | grep -qx "$mark"; } # TABLES
as_copied() { # DATABASE TARGET
  statements "$1" | unowned | contents >/tmp/copied
  dump "$2" | unowned | contents >/tmp/contents
  [ "$(cat /tmp/contents)" = "$(cat /tmp/copied)" ]
}
# Clients wrote the text of triggers, events and views, and `mysql` may divide it into other statements than they seem
# to be. So it runs as a user that may do in this database what its clients may do, and nothing else. They then belong to
# this user, which nobody can log in as. Its password is of this run.
password=$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')
restorer() { # DATABASE: a user name that fits into MySQL's 32 characters
  printf 'platformc_%s' "$(printf %s "$1" | sha256sum | cut -c1-20)"
}
let_in() { # TARGET
  user="'$(restorer "$1")'@'%'"
  ask --execute="CREATE USER IF NOT EXISTS $user; ALTER USER $user IDENTIFIED BY '$password' ACCOUNT UNLOCK;
    REVOKE ALL PRIVILEGES, GRANT OPTION FROM $user;
    GRANT ALL PRIVILEGES ON \`$(printf %s "$1" | sed 's/_/\\_/g')\`.* TO $user"
}
keep_out() { ask --execute="ALTER USER '$(restorer "$1")'@'%' ACCOUNT LOCK"; } # TARGET
stamp=$(ls /backup)
cd "/backup/$stamp"
failed=0
if [ "$MODE" = restore ]; then
  same_platform ORIGIN
  not_newer ORIGIN "$(release)"
  for database in nightly; do
    copied "$database" || { echo "$stamp has no copy of $database" >&2; exit 1; }
    held=$(tables "$database")
    [ -z "$held" ] || [ "${REPLACE:-}" = yes ] || interrupted "$held" || as_copied "$database" "$database" || {
      echo "$database is not empty; with --replace a restore deletes these tables:" $held >&2
      exit 1
    }
  done
fi
for database in nightly; do
  target=$database
  [ "$MODE" = restore ] || target=drill_$database
  copied "$database" || continue  # a database that is newer than the copy
  if [ "$MODE" = restore ]; then
    held=$(tables "$database")
    if [ -n "$held" ] && [ "${REPLACE:-}" != yes ] && ! interrupted "$held"; then
      echo "$target is already as it was copied at $stamp"
      continue
    fi
    [ -z "$held" ] || echo "deletes from $database:" $held
  fi
  ask --execute="DROP DATABASE IF EXISTS \`$target\`; CREATE DATABASE \`$target\`; CREATE TABLE \`$target\`.$mark (started int)"
  let_in "$target"
  # Without the commands of `mysql` itself, which begin with a backslash.
  statements "$database" | unowned | (
    MYSQL_USER=$(restorer "$target") MYSQL_PWD=$password
    export MYSQL_USER MYSQL_PWD
    ask --binary-mode "$target"
  )
  keep_out "$target"
  ask --execute="DROP TABLE \`$target\`.$mark"
  if as_copied "$database" "$target"; then
    echo "$target is as it was copied at $stamp:"
  else
    echo "$target differs from its copy of $stamp:" >&2
    failed=1
  fi
  cat /tmp/contents
  [ "$MODE" = restore ] || ask --execute="DROP DATABASE \`$target\`; DROP USER '$(restorer "$target")'@'%'"
done
exit $failed
