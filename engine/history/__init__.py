"""The past from a gateway into a Parquet catalog: `python -m engine.history`."""
