mkdir certs
printf -- '-----BEGIN PRIVATE KEY-----\n' >certs/key.pem
platformc compile
