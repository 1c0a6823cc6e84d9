#!/usr/bin/env bash
# Run once by the database container, on an empty cluster: it makes the owner of the tables and the role that
# everything else uses. config/local/embedded/ makes the same two for ./run; there the owner may create databases.
set -euo pipefail

psql -v ON_ERROR_STOP=1 --no-psqlrc --username "${POSTGRES_USER:-postgres}" --dbname postgres <<'SQL'
\getenv owner_password LODESTONE_OWNER_PASSWORD
\getenv app_password LODESTONE_APP_PASSWORD
CREATE ROLE lodestone_owner LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'owner_password';
CREATE ROLE lodestone_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'app_password';
CREATE DATABASE lodestone OWNER lodestone_owner;
REVOKE ALL ON DATABASE lodestone FROM PUBLIC;
GRANT CONNECT ON DATABASE lodestone TO lodestone_app;
\connect lodestone
REVOKE CREATE ON SCHEMA public FROM PUBLIC, lodestone_app;
SQL
