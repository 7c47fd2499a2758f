# Makes the administrator and the repositories. May run again: what is there is left as it is.
set -eu
key=$LAKECTL_CREDENTIALS_ACCESS_KEY_ID
secret=$LAKECTL_CREDENTIALS_SECRET_ACCESS_KEY
# The setup prints the key that it was given, so nothing with it is passed on.
quiet() { grep -vF -e "$key" -e "$secret" || true; }
until said=$(/app/lakefs setup --user-name admin --access-key-id "$key" --secret-access-key "$secret" 2>&1); do
  case $said in *"already complete"*) break ;; esac
  printf '%s\n' "$said" | tail -n 1 | quiet
  sleep 5
done
echo "the administrator is there"
repository() { # NAME PLACE BRANCH
  if /app/lakectl branch show "lakefs://$1/$3" >/dev/null 2>&1; then
    echo "repository $1 is there"
  else
    /app/lakectl repo create "lakefs://$1" "$2" --default-branch "$3"
  fi
}
until said=$(/app/lakectl repo list 2>&1); do
  case $said in
    *[Uu]nauthorized* | *"error authenticating"*)
      echo "lakeFS has another administrator: someone has set it up before, or its key has changed"
      exit 1 ;;
  esac
  echo "waiting for the server"
  sleep 5
done
