-- N requests over 101 departments, at every point of the workflow, in the proportions of a service three years old.
-- Parameters: files (N), rules (their version), assessment (a routing assessment, as JSON).
-- volume_need (rank, subject_id, theme, title, text) stands already.

--: parcours
CREATE TEMP TABLE volume_course (kind, number, action, from_state, to_state, who, days) AS
VALUES
  ('submitted', 1, 'submit', 'draft', 'submitted', 'mayor', 0.0),
  ('qualification', 1, 'submit', 'draft', 'submitted', 'mayor', 0.0),
  ('qualification', 2, 'acknowledge', 'submitted', 'qualification', 'instructor', 5.0),
  ('incomplete', 1, 'submit', 'draft', 'submitted', 'mayor', 0.0),
  ('incomplete', 2, 'acknowledge', 'submitted', 'qualification', 'instructor', 5.0),
  ('incomplete', 3, 'ask_completion', 'qualification', 'incomplete', 'instructor', 6.0),
  ('local_search', 1, 'submit', 'draft', 'submitted', 'mayor', 0.0),
  ('local_search', 2, 'acknowledge', 'submitted', 'qualification', 'instructor', 5.0),
  ('local_search', 3, 'start_search', 'qualification', 'local_search', 'system', 9.0),
  ('proposed', 1, 'submit', 'draft', 'submitted', 'mayor', 0.0),
  ('proposed', 2, 'acknowledge', 'submitted', 'qualification', 'instructor', 5.0),
  ('proposed', 3, 'start_search', 'qualification', 'local_search', 'system', 9.0),
  ('proposed', 4, 'propose', 'local_search', 'proposed', 'instructor', 23.0),
  ('local_support', 1, 'submit', 'draft', 'submitted', 'mayor', 0.0),
  ('local_support', 2, 'acknowledge', 'submitted', 'qualification', 'instructor', 5.0),
  ('local_support', 3, 'start_search', 'qualification', 'local_search', 'system', 9.0),
  ('local_support', 4, 'propose', 'local_search', 'proposed', 'instructor', 23.0),
  ('local_support', 5, 'designate', 'proposed', 'local_support', 'deputy', 45.0),
  ('closed_local', 1, 'submit', 'draft', 'submitted', 'mayor', 0.0),
  ('closed_local', 2, 'acknowledge', 'submitted', 'qualification', 'instructor', 5.0),
  ('closed_local', 3, 'start_search', 'qualification', 'local_search', 'system', 9.0),
  ('closed_local', 4, 'propose', 'local_search', 'proposed', 'instructor', 23.0),
  ('closed_local', 5, 'designate', 'proposed', 'local_support', 'deputy', 45.0),
  ('closed_local', 6, 'close', 'local_support', 'closed', 'deputy', 170.0),
  ('redirected', 1, 'submit', 'draft', 'submitted', 'mayor', 0.0),
  ('redirected', 2, 'acknowledge', 'submitted', 'qualification', 'instructor', 5.0),
  ('redirected', 3, 'redirect', 'qualification', 'redirected', 'deputy', 12.0),
  ('withdrawn', 1, 'submit', 'draft', 'submitted', 'mayor', 0.0),
  ('withdrawn', 2, 'acknowledge', 'submitted', 'qualification', 'instructor', 5.0),
  ('withdrawn', 3, 'withdraw', 'qualification', 'withdrawn', 'mayor', 25.0),
  ('dropped', 1, 'submit', 'draft', 'submitted', 'mayor', 0.0),
  ('dropped', 2, 'acknowledge', 'submitted', 'qualification', 'instructor', 5.0),
  ('dropped', 3, 'drop', 'qualification', 'dropped', 'deputy', 80.0),
  ('referral_preparation', 1, 'submit', 'draft', 'submitted', 'mayor', 0.0),
  ('referral_preparation', 2, 'acknowledge', 'submitted', 'qualification', 'instructor', 5.0),
  ('referral_preparation', 3, 'start_search', 'qualification', 'local_search', 'system', 9.0),
  ('referral_preparation', 4, 'prepare_referral', 'local_search', 'referral_preparation', 'system', 28.0),
  ('national_support', 1, 'submit', 'draft', 'submitted', 'mayor', 0.0),
  ('national_support', 2, 'acknowledge', 'submitted', 'qualification', 'instructor', 5.0),
  ('national_support', 3, 'start_search', 'qualification', 'local_search', 'system', 9.0),
  ('national_support', 4, 'prepare_referral', 'local_search', 'referral_preparation', 'system', 28.0),
  ('national_support', 5, 'refer', 'referral_preparation', 'referred', 'deputy', 36.0),
  ('national_support', 6, 'take_up', 'referred', 'national_review', 'national', 40.0),
  ('national_support', 7, 'delegate', 'national_review', 'delegated', 'national', 55.0),
  ('national_support', 8, 'start_support', 'delegated', 'national_support', 'operator', 68.0),
  ('closed_operator', 1, 'submit', 'draft', 'submitted', 'mayor', 0.0),
  ('closed_operator', 2, 'acknowledge', 'submitted', 'qualification', 'instructor', 5.0),
  ('closed_operator', 3, 'start_search', 'qualification', 'local_search', 'system', 9.0),
  ('closed_operator', 4, 'prepare_referral', 'local_search', 'referral_preparation', 'system', 28.0),
  ('closed_operator', 5, 'refer', 'referral_preparation', 'referred', 'deputy', 36.0),
  ('closed_operator', 6, 'take_up', 'referred', 'national_review', 'national', 40.0),
  ('closed_operator', 7, 'delegate', 'national_review', 'delegated', 'national', 55.0),
  ('closed_operator', 8, 'start_support', 'delegated', 'national_support', 'operator', 68.0),
  ('closed_operator', 9, 'close', 'national_support', 'closed', 'deputy', 260.0);

--: proportions
CREATE TEMP TABLE volume_kind AS
WITH shares (kind, lowest, highest, oldest, holder, route, outcome, return_state) AS (VALUES
  ('submitted', 0, 30, 12, 'desk', '', '', ''),
  ('qualification', 30, 70, 30, 'desk', '', '', ''),
  ('incomplete', 70, 80, 40, 'applicant', '', '', 'qualification'),
  ('local_search', 80, 130, 50, 'provider', '', '', ''),
  ('proposed', 130, 160, 60, 'applicant', '', '', ''),
  ('local_support', 160, 310, 330, 'follow_up', 'local', '', ''),
  ('referral_preparation', 310, 320, 80, 'desk', '', '', ''),
  ('national_support', 320, 350, 400, 'follow_up', 'operator', '', ''),
  ('closed_local', 350, 820, 1095, 'nobody', 'local', 'local', 'local_support'),
  ('closed_operator', 820, 860, 1095, 'nobody', 'operator', 'operator', 'national_support'),
  ('redirected', 860, 940, 1095, 'nobody', '', 'redirected', ''),
  ('withdrawn', 940, 970, 1095, 'nobody', '', 'withdrawn', ''),
  ('dropped', 970, 1000, 1095, 'nobody', '', 'dropped', ''))
SELECT s.*, moves.*, (SELECT to_state FROM volume_course c WHERE c.kind = s.kind ORDER BY number DESC LIMIT 1) AS state
FROM shares s JOIN (
  SELECT kind AS course, max(days) AS last_days,
         max(days) FILTER (WHERE action = 'acknowledge') AS acknowledge_days,
         max(days) FILTER (WHERE action = 'start_search') AS search_days,
         max(days) FILTER (WHERE action = 'propose') AS propose_days,
         max(days) FILTER (WHERE action = 'prepare_referral') AS prepare_days,
         max(days) FILTER (WHERE action = 'refer') AS refer_days,
         max(days) FILTER (WHERE action = 'take_up') AS take_up_days,
         max(days) FILTER (WHERE action = 'delegate') AS delegate_days,
         max(days) FILTER (WHERE action IN ('designate', 'start_support')) AS support_days
  FROM volume_course GROUP BY kind) moves ON moves.course = s.kind;

--: offres
CREATE TEMP TABLE volume_offer AS
SELECT DISTINCT ON (p.department_id) p.department_id AS department, o.id AS offer_id, o.uuid, p.id AS provider_id, p.name
FROM operators_offer o JOIN operators_provider p ON p.id = o.provider_id
WHERE p.kind = 'state_service' AND o.status = 'published' AND p.code LIKE 'etat-%%' ORDER BY p.department_id, o.code;

--: collectivités
CREATE TEMP TABLE volume_body AS
SELECT c.id, c.kind, c.name, c.department_id, c.arrondissement_id, c.population, c.population_vintage,
       c.population_column, p.user_id, p.mandate_id, p.civility || ' ' || p.first_name || ' ' || p.last_name AS mayor,
       'personne' || p.n || '@volume.example' AS email, up.id AS grouping_id,
       (c.department_id = '62' AND c.kind = 'commune') AS is_largest,
       row_number() OVER (PARTITION BY c.kind, c.department_id = '62' AND c.kind = 'commune' ORDER BY md5(c.code)) AS rank
FROM territories_collectivity c
JOIN volume_person p ON p.collectivity_id = c.id AND p.role = 'official'
LEFT JOIN LATERAL (
  SELECT g.id FROM territories_membership m JOIN territories_collectivity g ON g.id = m.grouping_id
  WHERE m.member_id = c.id AND m.until IS NULL AND g.kind = 'epci' ORDER BY g.code LIMIT 1) up ON c.kind = 'commune';
CREATE INDEX ON volume_body (kind, is_largest, rank);
ANALYZE volume_body;
CREATE TEMP TABLE volume_class AS SELECT kind, is_largest, count(*) AS many FROM volume_body GROUP BY kind, is_largest;

--: agents
CREATE TEMP TABLE volume_desk AS
SELECT d.code, d.time_zone, d.organisation,
       array_agg(p.user_id ORDER BY p.place) FILTER (WHERE p.role = 'instructor') AS instructors,
       array_agg(p.mandate_id ORDER BY p.place) FILTER (WHERE p.role = 'instructor') AS instructor_mandates,
       array_agg(p.user_id ORDER BY p.place) FILTER (WHERE p.role = 'follow_up_officer') AS officers,
       max(p.user_id) FILTER (WHERE p.role = 'deputy') AS deputy,
       max(p.mandate_id) FILTER (WHERE p.role = 'deputy') AS deputy_mandate,
       max(p.first_name || ' ' || p.last_name) FILTER (WHERE p.role = 'deputy') AS deputy_name
FROM volume_department d JOIN volume_person p ON p.department = d.code GROUP BY d.code, d.time_zone, d.organisation;

--: demandes à faire
CREATE TEMP TABLE volume_file AS
WITH drawn AS (
  SELECT i AS id, k.*, mod(i, 40) = 0 AS in_largest,
         CASE WHEN mod(i, 40) = 0 OR mod(i, 100) < 78 THEN 'commune' ELSE 'epci' END AS body_kind,
         0.6 + mod(i * 31, 100) / 100.0 AS pace,
         1 + ceil(k.last_days * 1.6)::int AS youngest
  FROM generate_series(1, %(files)s::bigint) AS i
  JOIN volume_kind k ON mod(i * 617, 1000) >= k.lowest AND mod(i * 617, 1000) < k.highest
)
SELECT f.id, f.kind, f.state, f.holder, f.route, f.outcome, f.return_state, f.pace, f.last_days, f.acknowledge_days,
       f.search_days, f.propose_days, f.prepare_days, f.refer_days, f.take_up_days, f.delegate_days, f.support_days,
       b.id AS collectivity_id, b.kind AS body_kind, b.name AS body_name, b.department_id AS department,
       b.arrondissement_id, b.grouping_id, b.population, b.population_vintage, b.population_column, b.mayor, b.email,
       b.user_id AS mayor_id, b.mandate_id AS mayor_mandate, desk.organisation, desk.time_zone, desk.deputy,
       desk.deputy_mandate, desk.deputy_name, desk.instructors[1 + mod(f.id, 4)] AS instructor,
       desk.instructor_mandates[1 + mod(f.id, 4)] AS instructor_mandate, desk.officers[1 + mod(f.id, 3)] AS officer,
       ((now() AT TIME ZONE desk.time_zone)::date
         - (f.youngest + mod(f.id * 7907, greatest(1, f.oldest - f.youngest)))::int
         + make_interval(hours => 8 + mod(f.id * 13, 14)::int, mins => mod(f.id * 7, 60)::int)) AT TIME ZONE desk.time_zone
         AS filed
FROM drawn f
JOIN volume_class c ON c.kind = f.body_kind AND c.is_largest = f.in_largest
JOIN volume_body b ON b.kind = c.kind AND b.is_largest = c.is_largest AND b.rank = 1 + mod(f.id * 48271, c.many)
JOIN volume_desk desk ON desk.code = b.department_id;
CREATE UNIQUE INDEX ON volume_file (id);
ANALYZE volume_file;

--: analyses d’acheminement
INSERT INTO requests_routingassessment (id, kind, summary, short, document, rules_version, computed_at, support_request_id)
SELECT md5('assessment' || id)::uuid, 'LOCAL_OFFER', 'Une offre locale convient.', 'Locale : service de l’État',
       %(assessment)s::jsonb, %(rules)s, filed + interval '1 minute', id
FROM volume_file;

--: demandes
INSERT INTO requests_supportrequest (
  id, uuid, reference, submission_key, submission_hash, state, state_since, return_state, holder, due_on,
  last_activity_at, shared_with_grouping, population, population_vintage, population_column, title, public_title, need,
  progress, tried, tried_answer, project_lead, wanted_by, details, channel, filed_as, contact_name, contact_email,
  contact_phone, submitted_at, recorded_at, confirmed_at, acknowledged_at, themes, engineering_types, services, phase,
  competence, complexity_signs, qualified_at, route, outcome, referred_at, supported_at, ended_at, redirection_reason,
  redirection_target, redirection_url, arrondissement_id, assessment_id, collectivity_id, department_id, filed_by_id,
  grouping_id, subject_id)
SELECT
  f.id, gen_random_uuid(),
  f.year || '-' || f.department || '-' || lpad(f.number::text, greatest(5, length(f.number::text)), '0'),
  md5('key' || f.id)::uuid, md5('hash' || f.id) || md5('hash' || f.id), f.state, f.moved, f.return_state, f.holder,
  CASE WHEN f.outcome = '' AND f.holder <> 'follow_up' THEN f.moved::date + 25 END,
  f.moved, false, f.population, f.population_vintage, f.population_column, n.title, n.title, n.text, 'idea', '{}', '',
  '', '', '{}', 'web', f.mayor || ', ' || f.body_name, f.mayor, f.email, '', f.filed, f.filed, f.filed,
  f.filed + f.acknowledge_days * f.pace * interval '1 day', ARRAY[n.theme], '{}', '{}',
  CASE WHEN f.search_days IS NULL THEN '' ELSE 'framing' END,
  CASE WHEN f.search_days IS NULL THEN '' WHEN f.body_kind = 'epci' THEN 'grouping' ELSE 'commune' END, '{}',
  f.filed + f.search_days * f.pace * interval '1 day' - interval '1 hour',
  f.route, f.outcome, f.filed + f.refer_days * f.pace * interval '1 day',
  f.filed + f.support_days * f.pace * interval '1 day', CASE WHEN f.outcome <> '' THEN f.moved END,
  CASE f.state WHEN 'redirected' THEN 'grant' ELSE '' END,
  CASE f.state WHEN 'redirected' THEN 'les formulaires de la préfecture' ELSE '' END, '',
  f.arrondissement_id, md5('assessment' || f.id)::uuid, f.collectivity_id, f.department, f.mayor_id, f.grouping_id,
  n.subject_id
FROM (
  SELECT volume_file.*, filed + last_days * pace * interval '1 day' AS moved,
         extract(year FROM filed AT TIME ZONE time_zone)::int AS year,
         row_number() OVER (PARTITION BY department, extract(year FROM filed AT TIME ZONE time_zone)
                            ORDER BY filed, id) AS number
  FROM volume_file) f
JOIN volume_need n ON n.rank = mod(f.id, (SELECT count(*) FROM volume_need));

--: compteurs des références
INSERT INTO requests_referencecounter (department_id, year, last)
SELECT split_part(reference, '-', 2), split_part(reference, '-', 1)::int, max(split_part(reference, '-', 3)::int)
FROM requests_supportrequest GROUP BY 1, 2;

--: départements concernés
INSERT INTO requests_concerneddepartment (support_request_id, department_id)
SELECT f.id, l.department_id FROM volume_file f
JOIN territories_collectivitydepartment l ON l.collectivity_id = f.collectivity_id AND l.department_id <> f.department;

--: textes
INSERT INTO requests_note (id, text, is_public)
SELECT id, 'Le guichet ne peut pas répondre à cette demande, mais voici qui le peut.', true FROM volume_file
WHERE kind IN ('redirected', 'dropped', 'incomplete');

--: historique
INSERT INTO requests_transition (id, number, action, from_state, to_state, role, body, at, recorded_at, mandate_id,
                                 note_id, person_id, support_request_id)
SELECT gen_random_uuid(), c.number, c.action, c.from_state, c.to_state,
       CASE c.who WHEN 'mayor' THEN 'official' ELSE c.who END,
       CASE c.who WHEN 'mayor' THEN f.body_name WHEN 'system' THEN '' WHEN 'national' THEN 'ANCT' WHEN 'operator'
            THEN 'Cerema' ELSE f.organisation END,
       f.filed + c.days * f.pace * interval '1 day', f.filed + c.days * f.pace * interval '1 day',
       CASE c.who WHEN 'mayor' THEN f.mayor_mandate WHEN 'instructor' THEN f.instructor_mandate WHEN 'deputy'
            THEN f.deputy_mandate WHEN 'national' THEN agency.mandate_id WHEN 'operator' THEN operator.mandate_id END,
       CASE WHEN c.action IN ('redirect', 'drop', 'ask_completion') THEN f.id END,
       CASE c.who WHEN 'mayor' THEN f.mayor_id WHEN 'instructor' THEN f.instructor WHEN 'deputy' THEN f.deputy
            WHEN 'national' THEN agency.user_id WHEN 'operator' THEN operator.user_id END,
       f.id
FROM volume_file f
JOIN volume_course c ON c.kind = f.kind
CROSS JOIN (SELECT user_id, mandate_id FROM volume_person WHERE role = 'national' ORDER BY n LIMIT 1) agency
CROSS JOIN (SELECT p.user_id, p.mandate_id FROM volume_person p JOIN accounts_organisation o ON o.id = p.organisation_id
            WHERE o.code = 'cerema' ORDER BY p.n LIMIT 1) operator;

--: acheminements calculés
INSERT INTO requests_routingjob (queued_at, attempts, done_at, last_error, cause, support_request_id)
SELECT filed, 1, filed + interval '1 minute', '', 'asked', id FROM volume_file;

--: tests de prise en charge
INSERT INTO requests_fundingtest (moment, population, population_vintage, population_column, threshold, fully_funded, at,
                                  rule_id, support_request_id)
SELECT 'filing', f.population, f.population_vintage, f.population_column, limits.below, f.population < limits.below,
       f.filed, r.id, f.id
FROM volume_file f
CROSS JOIN (SELECT id, commune_below, grouping_below FROM requests_fundingrule ORDER BY version LIMIT 1) r
CROSS JOIN LATERAL (SELECT CASE f.body_kind WHEN 'commune' THEN r.commune_below ELSE r.grouping_below END AS below) limits;

--: interlocuteurs, chargés de suivi, référents
INSERT INTO requests_assignment (kind, body, telephone, email, since, named_by_id, person_id, support_request_id)
SELECT 'contact', organisation, '', '', filed + acknowledge_days * pace * interval '1 day', instructor, instructor, id
FROM volume_file WHERE acknowledge_days IS NOT NULL
UNION ALL
SELECT 'follow_up_officer', organisation, '', '', filed + support_days * pace * interval '1 day', deputy, officer, id
FROM volume_file WHERE route = 'local'
UNION ALL
SELECT 'local_referent', organisation, '', '', filed + prepare_days * pace * interval '1 day', instructor, instructor, id
FROM volume_file WHERE prepare_days IS NOT NULL
UNION ALL
SELECT 'national_instructor', 'ANCT', '', '', filed + take_up_days * pace * interval '1 day', NULL,
       (SELECT user_id FROM volume_person WHERE role = 'national' ORDER BY n LIMIT 1), id
FROM volume_file WHERE take_up_days IS NOT NULL;

--: décisions
INSERT INTO requests_decision (id, kind, offers, motives, differs, role, at, mandate_id, person_id, assessment_id,
                               support_request_id)
SELECT md5('local' || f.id)::uuid, 'local', ARRAY[o.uuid], '{}'::varchar[], false, 'deputy',
       f.filed + f.search_days * f.pace * interval '1 day', f.deputy_mandate, f.deputy, md5('assessment' || f.id)::uuid, f.id
FROM volume_file f JOIN volume_offer o ON o.department = f.department WHERE f.search_days IS NOT NULL
UNION ALL
SELECT md5('refer' || f.id)::uuid, 'refer', '{}'::uuid[], ARRAY['insufficient_resources'], false, 'deputy',
       f.filed + f.prepare_days * f.pace * interval '1 day', f.deputy_mandate, f.deputy, md5('assessment' || f.id)::uuid, f.id
FROM volume_file f WHERE f.prepare_days IS NOT NULL;

--: décisions exécutées
INSERT INTO requests_dispatch (queued_at, attempts, done_at, last_error, questions, decision_id)
SELECT at, 1, at + interval '2 seconds', '', '{}', id FROM requests_decision;

--: sollicitations
INSERT INTO requests_solicitation (id, uuid, state, message, question, cancel_reason, asked_at, expected_on, answered_at, answer_channel,
                                   answered_by, decline_reason, answer, condition, stands_aside, decision_id, offer_id,
                                   provider_id, recorded_by_id, support_request_id)
SELECT f.id, gen_random_uuid(), answers.state, 'Pouvez-vous intervenir, et à partir de quand ?', '', '', asked.at,
       asked.at::date + 14, CASE WHEN answers.state <> 'asked' THEN asked.at + 8 * f.pace * interval '1 day' END,
       CASE WHEN answers.state <> 'asked' THEN 'mail' ELSE '' END, CASE WHEN answers.state <> 'asked' THEN o.name ELSE '' END,
       CASE WHEN answers.state = 'declined' THEN 'workload' ELSE '' END,
       CASE answers.state WHEN 'accepted' THEN 'Visite possible le mois prochain.' WHEN 'declined'
            THEN 'Plan de charge complet.' ELSE '' END, '', false,
       md5('local' || f.id)::uuid, o.offer_id, o.provider_id,
       CASE WHEN answers.state <> 'asked' THEN f.instructor END, f.id
FROM volume_file f
JOIN volume_offer o ON o.department = f.department
CROSS JOIN LATERAL (SELECT f.filed + f.search_days * f.pace * interval '1 day' AS at) asked
CROSS JOIN LATERAL (SELECT CASE WHEN f.kind = 'local_search' THEN 'asked' WHEN f.prepare_days IS NOT NULL THEN 'declined'
                                ELSE 'accepted' END AS state) answers
WHERE f.search_days IS NOT NULL;

--: propositions
INSERT INTO requests_solution (id, uuid, state, text, price, conditions, calendar, answer_by, proposed_at, answered_at,
                               answer_channel, answered_by_id, proposed_by_id, support_request_id)
SELECT id, gen_random_uuid(), CASE WHEN support_days IS NULL THEN 'proposed' ELSE 'accepted' END,
       'Visite, esquisse des usages possibles et coût d’objectif.', 'Sans frais pour vous', '', '',
       (filed + propose_days * pace * interval '1 day')::date + 14, filed + propose_days * pace * interval '1 day',
       CASE WHEN support_days IS NOT NULL THEN filed + (support_days - 3) * pace * interval '1 day' END,
       CASE WHEN support_days IS NOT NULL THEN 'portal' ELSE '' END, CASE WHEN support_days IS NOT NULL THEN mayor_id END,
       instructor, id
FROM volume_file WHERE propose_days IS NOT NULL;

--: aides proposées
INSERT INTO requests_solutionline (id, part, mission, price, offer_id, provider_id, solicitation_id, solution_id)
SELECT s.id, 'pilot', '', 'Sans frais pour vous', a.offer_id, a.provider_id, a.id, s.id
FROM requests_solution s JOIN requests_solicitation a ON a.id = s.id;

--: signatures
INSERT INTO requests_signature (id, matter, signatory, quality, block, signed_on, on_paper, recorded_at, act_id,
                                mandate_id, recorded_by_id, support_request_id)
SELECT md5('signature' || f.id)::uuid, 'referral', f.deputy_name, 'direction départementale',
       'Pour le préfet et par délégation,' || chr(10) || f.deputy_name, (sent.at AT TIME ZONE f.time_zone)::date, false,
       sent.at, act.id, f.deputy_mandate, f.deputy, f.id
FROM volume_file f
JOIN accounts_signatureact act ON act.signatory_id = f.deputy_mandate
CROSS JOIN LATERAL (SELECT f.filed + f.refer_days * f.pace * interval '1 day' AS at) sent
WHERE f.refer_days IS NOT NULL;

--: saisines
INSERT INTO requests_referral (id, uuid, state, circuit, evidence, evidence_note, service_asked, duration, calendar,
                               cost_excl_tax, cost_incl_tax, proposed_answer, outside_reason, fiscal_year, cmt_opinion,
                               cmt_opinion_text, opened_at, sent_at, decision_id, to_sign_by_id, signature_id,
                               support_request_id)
SELECT id, gen_random_uuid(), CASE WHEN refer_days IS NULL THEN 'preparation' ELSE 'answered' END, 'national', '{}', '',
       'Étude préalable', '', '', 24000, 28800, 'operators', '',
       extract(year FROM filed + prepare_days * pace * interval '1 day')::int, 'not_asked', '',
       filed + prepare_days * pace * interval '1 day', filed + refer_days * pace * interval '1 day',
       md5('refer' || id)::uuid, deputy_mandate, CASE WHEN refer_days IS NOT NULL THEN md5('signature' || id)::uuid END, id
FROM volume_file WHERE prepare_days IS NOT NULL;

--: motifs
INSERT INTO requests_referralmotive (motive, justification, facts, referral_id)
SELECT 'insufficient_resources', repeat('Aucune équipe du département ne peut conduire cette étude avant un an. ', 4), '[]', id
FROM requests_referral;

--: réponses de l’Agence
INSERT INTO requests_nationalanswer (id, kind, reason, at, person_id, referral_id, support_request_id)
SELECT md5('answer' || f.id)::uuid, 'operators', '', f.filed + f.delegate_days * f.pace * interval '1 day', p.user_id, f.id, f.id
FROM volume_file f
CROSS JOIN (SELECT user_id FROM volume_person WHERE role = 'national' ORDER BY n LIMIT 1) p
WHERE f.delegate_days IS NOT NULL;

--: délégations
INSERT INTO requests_delegation (uuid, state, mission, asked_at, answered_at, decline_reason, answer_text, public_answer,
                                 contact, starts_on, answered_by_id, asked_by_id, operator_id, answer_id, support_request_id)
SELECT gen_random_uuid(), 'accepted', 'Diagnostic et scénarios.', f.filed + f.delegate_days * f.pace * interval '1 day',
       f.filed + f.support_days * f.pace * interval '1 day', '', 'Équipe constituée.', '', '', NULL, o.user_id, a.user_id,
       (SELECT id FROM operators_provider WHERE code = 'cerema'), md5('answer' || f.id)::uuid, f.id
FROM volume_file f
CROSS JOIN (SELECT user_id FROM volume_person WHERE role = 'national' ORDER BY n LIMIT 1) a
CROSS JOIN (SELECT p.user_id FROM volume_person p JOIN accounts_organisation g ON g.id = p.organisation_id
            WHERE g.code = 'cerema' ORDER BY p.n LIMIT 1) o
WHERE f.delegate_days IS NOT NULL;

--: journaux de suivi
INSERT INTO requests_followupentry (kind, "on", text, is_public, author_id, recorded_at, support_request_id)
SELECT 'visit', s.at::date, 'Visite et relevé.', true, coalesce(f.officer, f.instructor), s.at, f.id
FROM volume_file f
CROSS JOIN LATERAL generate_series(1, 2) AS turn
CROSS JOIN LATERAL (SELECT f.filed + (f.support_days * f.pace + turn * 0.5) * interval '1 day' AS at) s
WHERE f.support_days IS NOT NULL;

--: clôtures
INSERT INTO requests_closing (result, summary, finished_on, proposed_at, confirmed_at, confirmed_by_id, proposed_by_id,
                              support_request_id)
SELECT CASE WHEN mod(id, 8) = 0 THEN 'partial' ELSE 'done' END, 'Le conseil a choisi un scénario et son calendrier.',
       (filed + (last_days - 5) * pace * interval '1 day')::date, filed + (last_days - 4) * pace * interval '1 day',
       filed + last_days * pace * interval '1 day', deputy, officer, id
FROM volume_file WHERE state = 'closed';

--: enquêtes
INSERT INTO requests_survey (moment, due_on, asked_at, answered_at, answered_by_id, useful, quick, comment,
                             support_request_id)
SELECT 'closing', ended.at::date, ended.at, CASE WHEN mod(f.id, 2) = 0 THEN ended.at + interval '4 hours' END,
       CASE WHEN mod(f.id, 2) = 0 THEN f.mayor_id END, CASE WHEN mod(f.id, 2) = 0 THEN mod(f.id, 10) <> 0 END, NULL, '', f.id
FROM volume_file f CROSS JOIN LATERAL (SELECT f.filed + f.last_days * f.pace * interval '1 day' AS at) ended
WHERE f.state = 'closed';

--: messages
INSERT INTO requests_message (uuid, channel, author_label, text, at, submission_key, author_id, support_request_id)
SELECT gen_random_uuid(), 'public', f.organisation, 'Bonjour, je suis votre interlocuteur. Quand puis-je vous appeler ?',
       f.filed + f.acknowledge_days * f.pace * interval '1 day' + interval '20 minutes', gen_random_uuid(), f.instructor, f.id
FROM volume_file f WHERE f.acknowledge_days IS NOT NULL
UNION ALL
SELECT gen_random_uuid(), 'public', f.mayor, 'Plutôt le mardi, après le conseil.',
       f.filed + f.acknowledge_days * f.pace * interval '1 day' + interval '7 hours', gen_random_uuid(), f.mayor_id, f.id
FROM volume_file f WHERE f.acknowledge_days IS NOT NULL AND mod(f.id, 5) < 3
UNION ALL
SELECT gen_random_uuid(), 'internal', f.organisation, 'Vu avec la sous-préfecture : le projet est mûr.',
       f.filed + f.acknowledge_days * f.pace * interval '1 day' + interval '9 hours', gen_random_uuid(), f.instructor, f.id
FROM volume_file f WHERE f.acknowledge_days IS NOT NULL AND mod(f.id, 7) = 0;

--: consultations
INSERT INTO requests_readinglog (role, body, at, person_id, support_request_id)
SELECT CASE turn WHEN 2 THEN 'deputy' ELSE 'instructor' END, f.organisation,
       f.filed + (turn * 0.9 + f.last_days * f.pace * (turn = 3)::int) * interval '1 day',
       CASE turn WHEN 2 THEN f.deputy ELSE f.instructor END, f.id
FROM volume_file f CROSS JOIN LATERAL generate_series(1, 3) AS turn
WHERE f.kind <> 'submitted' OR (mod(f.id, 2) = 0 AND turn = 1);
