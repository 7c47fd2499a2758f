# Makes buckets, and for each consumer a key with a policy of its own. May run again.
set -eu
until refused=$(mc ls store 2>&1); do
  # mc gets the login as a part of the address.
  case $refused in *"$ROOT_PASSWORD"*) refused="mc cannot read the address of the store" ;; esac
  echo "waiting for the server: $refused"
  sleep 2
done
mc mb --ignore-existing store/mlflow
# The image has no `grep`: the shell compares.
attached() { # NAME ACCESS_KEY
  case $(mc admin user info store "$2" --json) in *"\"policyName\":\"$1\""*) ;; *) return 1 ;; esac
}
key() { # NAME ACCESS_KEY SECRET_KEY
  mc admin policy create store "$1" "/etc/platformc/$1.json" >/dev/null
  printf '%s\n%s\n' "$2" "$3" | mc admin user add store >/dev/null
  # Attaching what is attached already is an error to mc.
  mc admin policy attach store "$1" --user "$2" >/dev/null 2>&1 || attached "$1" "$2"
  # A key that it had before opens nothing any more.
  users=$(mc admin user list store --json)
  printf '%s\n' "$users" | while read -r user; do
    case $user in *"\"policyName\":\"$1\""*) ;; *) continue ;; esac
    user=${user#*'"accessKey":"'}
    user=${user%%'"'*}
    [ "$user" = "$2" ] || mc admin user remove store "$user" >/dev/null
  done
  echo "key of $1 is ready"
}
key mlflow-artifacts "$ACCESS_KEY_MLFLOW_ARTIFACTS" "$SECRET_KEY_MLFLOW_ARTIFACTS"
