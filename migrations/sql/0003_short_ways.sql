-- A contact that begins a thread names itself: the gateway draws its number before it writes it.
GRANT USAGE ON SEQUENCE contact_id_seq TO crm_gateway;
