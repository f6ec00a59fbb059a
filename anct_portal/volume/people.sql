-- Fifty thousand people with a mandate: the agents of 101 desks, the nation, and those who head or serve collectivities.
-- Each statement follows a line « --: what it makes ». Parameters: people (how many in all), password (its hash).

--: guichets
CREATE TEMP TABLE volume_department AS
SELECT d.code, d.time_zone, d.region_id, o.id AS organisation_id, o.name AS organisation
FROM territories_department d
JOIN accounts_organisation o ON o.code = 'guichet-' || lower(d.code)
WHERE d.kind = 'department' AND d.is_current;

--: personnes
CREATE TEMP TABLE volume_person AS
WITH agents AS (
  SELECT 1 AS rank, d.code || posts.role || place AS key, posts.role, posts.function, place, d.code AS department,
         d.organisation_id, NULL::bigint AS collectivity_id, d.organisation AS body
  FROM volume_department d
  CROSS JOIN (VALUES ('instructor', 'instruction des demandes', 4), ('deputy', 'direction départementale', 1),
                     ('delegate', 'préfet', 1), ('follow_up_officer', 'suivi', 3)) AS posts (role, function, many)
  CROSS JOIN LATERAL generate_series(1, posts.many) AS place
), nation AS (
  SELECT 2, o.code || roles.role || place, roles.role, roles.function, place, NULL, o.id, NULL::bigint, o.name
  FROM accounts_organisation o
  JOIN (VALUES ('anct', 'national', 'instruction nationale', 20), ('anct', 'director_general', 'direction générale', 1),
               ('anah', 'operator', 'correspondance', 2), ('anru', 'operator', 'correspondance', 2),
               ('cerema', 'operator', 'correspondance', 2), ('bdt', 'operator', 'correspondance', 2),
               ('ademe', 'operator', 'correspondance', 2)) AS roles (code, role, function, many) ON roles.code = o.code
  CROSS JOIN LATERAL generate_series(1, roles.many) AS place
), bodies AS (
  SELECT c.id, c.code, c.kind, c.name, c.department_id FROM territories_collectivity c
  JOIN volume_department d ON d.code = c.department_id WHERE c.is_current AND c.kind IN ('commune', 'epci')
), officials AS (
  SELECT 3, md5(code), 'official', CASE kind WHEN 'commune' THEN 'maire' ELSE 'présidente' END, 1, department_id,
         NULL::bigint, id, name FROM bodies
), secretaries AS (
  SELECT 4, md5(code || 's'), 'secretary', 'secrétaire générale de mairie', 1, department_id, NULL::bigint, id, name
  FROM bodies WHERE kind = 'commune'
), everybody AS (
  TABLE agents UNION ALL TABLE nation UNION ALL TABLE officials UNION ALL TABLE secretaries
), numbered AS (
  SELECT row_number() OVER (ORDER BY rank, key) AS n, everybody.* FROM everybody
)
SELECT numbered.*,
       (SELECT coalesce(max(id), 0) FROM accounts_user) + n AS user_id,
       (SELECT coalesce(max(id), 0) FROM accounts_mandate) + n AS mandate_id,
       CASE mod(n, 2) WHEN 0 THEN 'Mme' ELSE 'M.' END AS civility,
       (ARRAY['Camille', 'Dominique', 'Claude', 'Maxence', 'Alix', 'Sacha', 'Lou'])[1 + mod(n, 7)] AS first_name,
       (ARRAY['Bruyère', 'Frêne', 'Tilleul', 'Aubépine', 'Noisetier', 'Genêt', 'Saule', 'Érable', 'Sorbier', 'Lierre',
              'Mélèze'])[1 + mod(n, 11)] || '-' || n AS last_name
FROM numbered WHERE n <= %(people)s;

--: comptes
INSERT INTO accounts_user (id, password, is_superuser, email, first_name, last_name, civility, telephone, is_active,
                           is_staff, created_at)
SELECT user_id, %(password)s, false, 'personne' || n || '@volume.example', first_name, last_name, civility,
       '0400' || lpad((n %% 1000000)::text, 6, '0'), true, false, now() - interval '5 years'
FROM volume_person;

--: mandats
INSERT INTO accounts_mandate (id, uuid, role, function, heads, ad_interim, declared_name, starts_on, status, proof,
                              confirmed_at, note, created_at, collectivity_id, department_id, user_id, organisation_id)
SELECT mandate_id, gen_random_uuid(), role, function, role = 'official', false, '', current_date - 1800, 'confirmed',
       'appointment', now() - interval '5 years', '', now() - interval '5 years', collectivity_id, department, user_id,
       organisation_id
FROM volume_person;

--: délégations de signature
INSERT INTO accounts_signatureact (uuid, matters, number, gazette, signed_on, published_on, starts_on, ended_reason,
                                   ad_interim, quality_block, recorded_at, delegating_id, department_id, signatory_id)
SELECT gen_random_uuid(), ARRAY['local_decision', 'redirection', 'closing', 'referral', 'agreement'],
       d.code || '-volume-1', 'RAA ' || d.code, current_date - 1795, current_date - 1794, current_date - 1794, '', false,
       'la directrice départementale', now() - interval '1794 days', prefect.mandate_id, d.code, deputy.mandate_id
FROM volume_department d
JOIN volume_person prefect ON prefect.department = d.code AND prefect.role = 'delegate'
JOIN volume_person deputy ON deputy.department = d.code AND deputy.role = 'deputy';
