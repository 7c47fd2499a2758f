cat > platform.lock <<END
models:
  dev:
    churn: {model: churn, alias: champion, version: "7", uri: "s3://mlflow/1/models/m-1/artifacts", flavour: sklearn}
    fraud: {model: fraud, alias: challenger, version: "2", uri: "s3://mlflow/1/models/m-2/artifacts", flavour: sklearn}
END
platformc compile
