#!/bin/bash
# The part of docker-library/mysql's entry point that these manifests use: an empty folder is
# initialised, a server that listens on its socket alone is given the root user of the environment,
# then the real one takes over.
set -eu
# 8.0.15 has no option for the old way to log in, which it always allows.
for word; do
  shift
  [ "$word" = --mysql-native-password=ON ] || set -- "$@" "$word"
done
: "${MYSQL_ROOT_PASSWORD:?}"
for word; do case $word in --datadir=*) data=${word#--datadir=} ;; esac; done
if [ ! -d "$data/mysql" ]; then
  mkdir -p "$data"
  "$@" --initialize-insecure
  socket=/tmp/first.sock
  "$@" --skip-networking --socket=$socket &
  until mysqladmin --no-defaults --user=root --socket=$socket --silent ping; do sleep 0.5; done
  mysql --no-defaults --user=root --socket=$socket <<SQL
CREATE USER 'root'@'%' IDENTIFIED BY '$MYSQL_ROOT_PASSWORD';
GRANT ALL ON *.* TO 'root'@'%' WITH GRANT OPTION;
ALTER USER 'root'@'localhost' IDENTIFIED BY '$MYSQL_ROOT_PASSWORD';
SHUTDOWN;
SQL
  wait
fi
exec "$@"
