-- Reads the roles' passwords from the environment of psql, for provision.sql: neither the arguments
-- of the process nor the startup packet, which poolers log, have them.
--   AUTH_ROLE_PASSWORD=… USER_ROLE_PASSWORD=… psql -f passwords.sql -f provision.sql
\getenv auth_password AUTH_ROLE_PASSWORD
\getenv user_password USER_ROLE_PASSWORD
\getenv message_password MESSAGE_ROLE_PASSWORD
\getenv file_password FILE_ROLE_PASSWORD
\getenv admin_password ADMIN_ROLE_PASSWORD
\getenv integration_password INTEGRATION_ROLE_PASSWORD
select
  set_config('chatapi.auth_password', :'auth_password', false) as auth,
  set_config('chatapi.user_password', :'user_password', false) as user,
  set_config('chatapi.message_password', :'message_password', false) as message,
  set_config('chatapi.file_password', :'file_password', false) as file,
  set_config('chatapi.admin_password', :'admin_password', false) as admin,
  set_config('chatapi.integration_password', :'integration_password', false) as integration
\gset read_
