"""The schema's history; `alembic revision --autogenerate` writes it from the models."""
