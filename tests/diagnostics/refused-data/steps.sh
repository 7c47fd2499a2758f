platformc compile 2> first.txt
sed -i 's|postgres: {}|postgres: {image: "postgres:16.2-trixie"}|; s|mysql: {}|mysql: {image: "mysql:8.0.40"}|; s|mlflow: {}|mlflow: {image: "ghcr.io/mlflow/mlflow:v3.10.0-full"}|' platform.yaml
platformc compile
