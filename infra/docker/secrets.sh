#!/bin/sh
# Makes all secrets of a new installation, with openssl alone.
#   sh infra/docker/secrets.sh > .env       for docker-compose.yml
#   sh infra/docker/secrets.sh k8s <folder> for Kubernetes: an env file for each Secret
#   sh infra/docker/secrets.sh key          one new SERVICE_KEY and its public key
set -eu
umask 077
services='api-gateway realtime-gateway auth user message file admin integration'
with_role='auth user message file admin integration'
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

secret() { openssl rand -hex 32; }
variable() { echo "$1" | tr a-z- A-Z_; }

# An X25519 private key is 32 random bytes; openssl writes them, and the public key, last.
make() { openssl genpkey -algorithm X25519 -outform DER -out "$work/$1"; }
key() { tail -c 32 "$work/$1" | openssl base64 -A; }
public() { openssl pkey -inform DER -in "$work/$1" -pubout -outform DER | tail -c 32 | openssl base64 -A; }

if [ "${1:-}" = key ]; then
  make new
  echo "SERVICE_KEY=$(key new)"
  echo "public key: $(public new)"
  exit
fi

public_keys=
for service in $services; do
  make "$service"
  public_keys="$public_keys${public_keys:+,}$service=$(public "$service")"
done

if [ "${1:-}" != k8s ]; then
  for name in JWT_SECRET_KEY FILE_LINK_SECRET SEALING_KEY POSTGRES_PASSWORD REDIS_PASSWORD ADMIN_PASSWORD; do
    echo "$name=$(secret)"
  done
  printf 'ADMIN_USERNAME=admin\nADMIN_EMAIL=admin@example.com\n'
  echo "SERVICE_PUBLIC_KEYS=$public_keys"
  for service in $services; do echo "$(variable "$service")_SERVICE_KEY=$(key "$service")"; done
  for service in $with_role; do echo "$(variable "$service")_ROLE_PASSWORD=$(secret)"; done
  exit
fi

folder=$2
postgres=$(secret)
redis=$(secret)
cat > "$folder/secrets.env" <<END
JWT_SECRET_KEY=$(secret)
FILE_LINK_SECRET=$(secret)
SEALING_KEY=$(secret)
SERVICE_PUBLIC_KEYS=$public_keys
REDIS_PASSWORD=$redis
REDIS_URL=redis://:$redis@redis:6379
POSTGRES_PASSWORD=$postgres
PROVISION_URL=postgresql://chatapi:$postgres@postgres:5432/chatdb
ADMIN_USERNAME=admin
ADMIN_EMAIL=admin@example.com
ADMIN_PASSWORD=$(secret)
END
for service in $services; do
  echo "SERVICE_KEY=$(key "$service")" > "$folder/$service.env"
  case " $with_role " in
    *" $service "*) echo "ROLE_PASSWORD=$(secret)" >> "$folder/$service.env" ;;
  esac
done
