"""Row-level security on files of the case, messages, documents and stored files (docs/adr/0011).

``portal.perimeter`` is written by ``common.perimeter``; ``portal.held`` lists the files locked by the transaction: they
are read to its end, whatever becomes of them. Policies ask for no more than a reader's envelope: what each may do, and
which of the three conversations he reads on which file, stay in ``requests.permissions``. ``WITH CHECK (true)``: who
may write is decided by services; a row written and returned must be readable all the same.
"""

from django.db import migrations

FUNCTIONS = """
CREATE FUNCTION portal_perimeter() RETURNS jsonb LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT COALESCE(NULLIF(current_setting('portal.perimeter', true), ''), '{}')::jsonb
$$;

CREATE FUNCTION portal_held() RETURNS bigint[] LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT string_to_array(COALESCE(current_setting('portal.held', true), ''), ',')::bigint[]
$$;

-- Files that rows name: another department concerned, a mission, an order, a title held, a named exception.
CREATE FUNCTION portal_in_hand() RETURNS SETOF bigint LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT support_request_id FROM requests_concerneddepartment
    WHERE portal_perimeter() ? 'desk'
    AND department_id = ANY (ARRAY(SELECT jsonb_array_elements_text(portal_perimeter() -> 'departments')))
    UNION ALL
    SELECT support_request_id FROM requests_delegation
    WHERE operator_id IN (SELECT id FROM operators_provider WHERE organisation_id = (portal_perimeter() ->> 'body')::bigint)
    AND state IN ('asked', 'accepted')
    UNION ALL
    SELECT support_request_id FROM requests_agreement
    WHERE contractor_id = (portal_perimeter() ->> 'body')::bigint AND cancelled_at IS NULL
    UNION ALL
    SELECT support_request_id FROM requests_assignment
    WHERE person_id = (portal_perimeter() ->> 'person')::bigint AND until IS NULL
    AND kind IN ('follow_up_officer', 'local_referent')
    UNION ALL
    SELECT content_object_id FROM requests_supportrequestuserobjectpermission
    WHERE user_id = (portal_perimeter() ->> 'person')::bigint
$$;

-- Files of which a body was asked something: it reads the row's public side and its own thread, no more.
CREATE FUNCTION portal_asked() RETURNS SETOF bigint LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT support_request_id FROM requests_solicitation
    WHERE provider_id IN (SELECT id FROM operators_provider WHERE organisation_id = (portal_perimeter() ->> 'body')::bigint)
    UNION ALL
    SELECT support_request_id FROM requests_delegation
    WHERE operator_id IN (SELECT id FROM operators_provider WHERE organisation_id = (portal_perimeter() ->> 'body')::bigint)
$$;

-- A stored file that no document of a case bears: a draft's, a scan of an order. By the owner, who sees all documents.
CREATE FUNCTION portal_is_of_no_case(stored uuid) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT NOT EXISTS (SELECT FROM requests_document WHERE file_id = stored)
$$;
"""

DROP_FUNCTIONS = """
DROP FUNCTION portal_is_of_no_case(uuid);
DROP FUNCTION portal_asked();
DROP FUNCTION portal_in_hand();
DROP FUNCTION portal_held();
DROP FUNCTION portal_perimeter();
"""

#: Sub-selects that name no column of the row are read once a statement, when first needed.
REQUEST = """
    (SELECT portal_perimeter() ? 'everything')
    OR department_id = ANY (ARRAY(SELECT jsonb_array_elements_text(portal_perimeter() -> 'departments')))
    OR collectivity_id = (SELECT (portal_perimeter() ->> 'collectivity')::bigint)
        AND ((SELECT portal_perimeter() ? 'proven')
             OR filed_by_id = (SELECT (portal_perimeter() ->> 'filer')::bigint))
    OR arrondissement_id = ANY (ARRAY(SELECT jsonb_array_elements_text(portal_perimeter() -> 'arrondissements')))
    OR referred_at IS NOT NULL AND (SELECT portal_perimeter() ? 'referred')
    OR shared_with_grouping AND grouping_id = (SELECT (portal_perimeter() ->> 'collectivity')::bigint)
        AND (SELECT portal_perimeter() ? 'proven')
    OR filed_by_id = (SELECT (portal_perimeter() ->> 'recorder')::bigint)
    OR id = ANY (ARRAY(SELECT unnest(portal_held())))
    OR id IN (SELECT portal_in_hand())
    OR id IN (SELECT portal_asked())
"""

#: A message or a document: its conversation, then its file, itself under the policy above.
CONVERSATION = """
    (SELECT portal_perimeter() ? 'everything')
    OR support_request_id = ANY (ARRAY(SELECT unnest(portal_held())))
    OR CASE WHEN channel = 'solicitation' THEN
        EXISTS (
            SELECT FROM requests_solicitation asked JOIN operators_provider provider ON provider.id = asked.provider_id
            WHERE asked.id = solicitation_id
            AND provider.organisation_id = (SELECT (portal_perimeter() ->> 'body')::bigint)
        )
        OR (SELECT portal_perimeter() ? 'desk')
            AND EXISTS (SELECT FROM requests_supportrequest file WHERE file.id = support_request_id)
    ELSE
        (channel = 'public' OR (SELECT portal_perimeter() ->> 'internal') = 'all'
            OR (SELECT portal_perimeter() ->> 'internal') = 'in hand'
                AND support_request_id IN (SELECT portal_in_hand()))
        AND (NOT (SELECT portal_perimeter() ? 'body') OR support_request_id IN (SELECT portal_in_hand()))
        AND EXISTS (SELECT FROM requests_supportrequest file WHERE file.id = support_request_id)
    END
"""

STORED_FILE = """
    (SELECT portal_perimeter() ? 'everything')
    OR EXISTS (SELECT FROM requests_document document WHERE document.file_id = files_storedfile.id)
    OR (SELECT portal_perimeter() <> '{}') AND portal_is_of_no_case(id)
"""

STORED_CONTENT = """
    (SELECT portal_perimeter() ? 'everything')
    OR EXISTS (SELECT FROM files_storedfile stored WHERE stored.id = file_id)
"""

POLICIES = {
    "requests_supportrequest": REQUEST,
    "requests_message": CONVERSATION,
    "requests_document": CONVERSATION,
    "files_storedfile": STORED_FILE,
    "files_storedcontent": STORED_CONTENT,
}


def lock(table: str, condition: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;"
        f"CREATE POLICY perimeter ON {table} USING ({condition}) WITH CHECK (true)",
        f"DROP POLICY perimeter ON {table}; ALTER TABLE {table} DISABLE ROW LEVEL SECURITY",
    )


class Migration(migrations.Migration):
    dependencies = [
        ("requests", "0002_held_acts"),
        ("operators", "0001_initial"),
        ("files", "0001_initial"),
    ]

    operations = [
        migrations.RunSQL(FUNCTIONS, DROP_FUNCTIONS),
        *(lock(table, condition) for table, condition in POLICIES.items()),
    ]
