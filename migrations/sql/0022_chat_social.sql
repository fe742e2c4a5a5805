-- Chats, posts and notices: the gateway writes what comes from outside. Staff reach chats and posts
-- by the guarded operations alone; a notice is everybody's to know.
DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['chat', 'chat_line', 'chat_typing', 'chat_block', 'social_post',
                             'service_notice', 'notice_post']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY gateway ON %I TO crm_gateway USING (true) WITH CHECK (true)',
                       t);
    END LOOP;
END $$;
GRANT SELECT, INSERT, UPDATE ON chat, chat_line, social_post TO crm_gateway;
GRANT SELECT, INSERT, UPDATE, DELETE ON chat_typing TO crm_gateway;
GRANT SELECT ON chat_block, service_notice, notice_post TO crm_gateway;
GRANT UPDATE (state, post_id, url, failure) ON notice_post TO crm_gateway;
GRANT SELECT ON service_notice, notice_post TO crm_staff;
CREATE POLICY known ON service_notice FOR SELECT TO crm_staff USING (true);
CREATE POLICY known ON notice_post FOR SELECT TO crm_staff USING (true);
SELECT app.audit_table('chat_block'), app.audit_table('service_notice'),
       app.audit_table('notice_post');
