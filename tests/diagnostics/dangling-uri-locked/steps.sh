cat > platform.lock <<END
models:
  default:
    churn: {model: churn, alias: champion, version: "7", uri: "s3://elsewhere/1/models/m-1/artifacts", flavour: sklearn}
END
platformc compile
