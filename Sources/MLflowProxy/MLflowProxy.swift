/// MLflow proxy.
