-- The data of the shared bench in this product's tables: 1000 users, 2000 tenants, 3 active plans.
-- User 1 (bench@example.com) is in tenants 1..10, tenant 1 is the default. Ids are fixed and those of
-- the peers' seed, so that one access token serves all servers under test.
-- psql -v hash=<Argon2id hash of the bench password> -f seed.sql, after `erpmax migrate up`.
create function pg_temp.bid(kind int, n int) returns uuid language sql immutable as
$$ select ('0000000' || kind || '-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid $$;

insert into users (id, email, email_normalized, password_hash, full_name, search_text, is_active,
                   is_superuser, created_at, updated_at)
  select pg_temp.bid(1, i), email, email, :'hash', 'User ' || i, 'user ' || i || E'\n' || email, true,
         false, now() - interval '30 days', now()
  from generate_series(1, 1000) i,
       lateral (select case when i = 1 then 'bench@example.com' else 'user' || i || '@example.com' end) e(email);

insert into tenants (id, name, slug, status, erpnext_site_url, settings, search_text, created_at, updated_at)
  select pg_temp.bid(2, i), 'Company ' || i, 'company-' || i, 'active',
         'https://company-' || i || '.example.com', '{"lang": "en", "tz": "UTC"}',
         'company ' || i || E'\ncompany-' || i, now() - (i || ' minutes')::interval, now()
  from generate_series(1, 2000) i;

insert into user_tenants (id, user_id, tenant_id, role, is_default, joined_at)
  select pg_temp.bid(3, i), pg_temp.bid(1, 1), pg_temp.bid(2, i),
         (array['member', 'owner', 'admin'])[1 + i % 3], i = 1, now() - interval '30 days' + (i || ' minutes')::interval
  from generate_series(1, 10) i;
insert into user_tenants (id, user_id, tenant_id, role, is_default, joined_at)
  select pg_temp.bid(3, i * 10 + k), pg_temp.bid(1, i), pg_temp.bid(2, i * 2 - 1 + k),
         case when k = 0 then 'owner' else 'member' end, k = 0, now() - interval '30 days'
  from generate_series(2, 1000) i, generate_series(0, 1) k;

insert into plans (id, name, slug, description, price_monthly, price_yearly, currency, features,
                   max_users, max_storage_gb, trial_days, is_active, sort_order, created_at, updated_at)
  select pg_temp.bid(4, i), (array['Starter', 'Professional', 'Enterprise', 'Legacy'])[i],
         (array['starter', 'professional', 'enterprise', 'legacy'])[i], 'For growing businesses',
         2900 * i, 29000 * i, 'USD', '["crm", "accounting", "hr"]', 10 * i, 100 * i,
         case when i = 1 then 14 end, i < 4, i, now(), now()
  from generate_series(1, 4) i;

insert into subscriptions (id, tenant_id, plan_id, status, billing_period, current_period_start,
                           current_period_end, cancel_at_period_end, created_at, updated_at)
  select pg_temp.bid(5, i), pg_temp.bid(2, i), pg_temp.bid(4, 1 + i % 3), 'active', 'monthly',
         now() - interval '5 days', now() + interval '25 days', false, now() - interval '5 days', now()
  from generate_series(1, 2000) i;

-- A tenant's jobs run one at a time here, so what runs in the peers' seed was cancelled in this one.
insert into provisioning_jobs (id, tenant_id, job_type, spelling, status, attempt, progress, message, parameters,
                               fence, queued_at, created_at, updated_at)
  select gen_random_uuid(), pg_temp.bid(2, t), (array['create', 'backup'])[1 + k % 2], 'site',
         (array['completed', 'failed', 'cancelled', 'pending'])[1 + k % 4], 1, k % 101, 'Step ' || k, '{}', 0, at, at, at
  from generate_series(1, 2000) t,
       generate_series(1, case when t = 1 then 10000 else 20 end) k,
       lateral (select now() - k * case when t = 1 then interval '1 second' else interval '1 minute' end) a(at);

vacuum analyze;
