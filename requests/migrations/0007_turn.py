"""Whose turn it is, kept by PostgreSQL on the request itself (``requests.models.turn``)."""

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

#: By whoever asks, under his own policies.
VIEW = """
CREATE VIEW requests_turn WITH (security_invoker = true) AS SELECT r.id,
    (SELECT max(a.person_id) FROM requests_assignment a
        WHERE a.support_request_id = r.id AND a.kind = 'contact' AND a.until IS NULL) AS desk_contact_id,
    (SELECT max(a.person_id) FROM requests_assignment a
        WHERE a.support_request_id = r.id AND a.kind = 'follow_up_officer' AND a.until IS NULL) AS follow_up_officer_id,
    (SELECT max(f.to_sign_by_id) FROM requests_referral f
        WHERE f.support_request_id = r.id AND f.state IN ('preparation', 'more_asked')) AS to_sign_by_id,
    EXISTS (SELECT FROM requests_referral f
        WHERE f.support_request_id = r.id AND f.state = 'more_asked') AS more_asked,
    EXISTS (SELECT FROM requests_nationalanswer n
        WHERE n.support_request_id = r.id AND n.kind IN ('sent_back', 'not_retained')) AS sent_back,
    EXISTS (SELECT FROM requests_closing c
        WHERE c.support_request_id = r.id AND c.confirmed_at IS NULL AND c.refused_at IS NULL) AS closing_waits,
    EXISTS (SELECT FROM requests_agreement g
        WHERE g.support_request_id = r.id AND g.cancelled_at IS NULL AND g.prefect_signed_on IS NULL) AS agreement_waits,
    (SELECT min(s.expected_on) FROM requests_solicitation s
        WHERE s.support_request_id = r.id AND s.state = 'asked') AS provider_due_on
FROM requests_supportrequest r
"""

_KEPT = """desk_contact_id, follow_up_officer_id, to_sign_by_id, more_asked, sent_back, closing_waits, agreement_waits,
    provider_due_on"""
_OURS, _TOLD = (", ".join(f"{row}.{column.strip()}" for column in _KEPT.split(",")) for row in "rt")
UPDATE = f"""UPDATE requests_supportrequest r SET ({_KEPT}) = ROW ({_TOLD})
    FROM requests_turn t WHERE t.id = r.id AND ({_OURS}) IS DISTINCT FROM ({_TOLD})"""  # noqa: S608

#: By the owner: whoever writes a row need not be allowed to read the file. Locked first, then read by a statement that
#: begins afterwards, so that of two who write at once the second sees what the first wrote.
FUNCTION = f"""
CREATE FUNCTION requests_keep_turn(request bigint) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path FROM CURRENT AS $$ BEGIN
    PERFORM FROM requests_supportrequest WHERE id = request FOR NO KEY UPDATE;
    {UPDATE} AND r.id = request;
END $$
"""  # noqa: S608

DROP = "DROP FUNCTION requests_keep_turn(bigint); DROP VIEW requests_turn"


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("operators", "0001_initial"),
        ("requests", "0006_search_without_accents"),
        ("territories", "0003_groupings_found_at_once"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="supportrequest",
            name="agreement_waits",
            field=models.BooleanField(db_default=False, editable=False),
        ),
        migrations.AddField(
            model_name="supportrequest",
            name="closing_waits",
            field=models.BooleanField(db_default=False, editable=False),
        ),
        migrations.AddField(
            model_name="supportrequest",
            name="desk_contact",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="supportrequest",
            name="follow_up_officer",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="supportrequest",
            name="more_asked",
            field=models.BooleanField(db_default=False, editable=False),
        ),
        migrations.AddField(
            model_name="supportrequest",
            name="provider_due_on",
            field=models.DateField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="supportrequest",
            name="sent_back",
            field=models.BooleanField(db_default=False, editable=False),
        ),
        migrations.AddField(
            model_name="supportrequest",
            name="to_sign_by",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.mandate",
            ),
        ),
        migrations.AddIndex(
            model_name="supportrequest",
            index=models.Index(
                condition=models.Q(
                    ("state__in", ["attached", "closed", "dropped", "redirected", "withdrawn"]), _negated=True
                ),
                fields=["department"],
                name="request_live",
            ),
        ),
        migrations.RunSQL([VIEW, FUNCTION], DROP),
        pgtrigger.migrations.AddTrigger(
            model_name="agreement",
            trigger=pgtrigger.compiler.Trigger(
                name="keeps_turn",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="PERFORM requests_keep_turn(COALESCE(NEW.support_request_id, OLD.support_request_id)); RETURN NULL;",
                    hash="7057bc7d0f0020c6600143dd2f87d907e7fffb9c",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_keeps_turn_f5947",
                    table="requests_agreement",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="assignment",
            trigger=pgtrigger.compiler.Trigger(
                name="keeps_turn",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="PERFORM requests_keep_turn(COALESCE(NEW.support_request_id, OLD.support_request_id)); RETURN NULL;",
                    hash="4daec09a4f96a621342381bf758c23cd2cc2b82c",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_keeps_turn_88253",
                    table="requests_assignment",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="closing",
            trigger=pgtrigger.compiler.Trigger(
                name="keeps_turn",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="PERFORM requests_keep_turn(COALESCE(NEW.support_request_id, OLD.support_request_id)); RETURN NULL;",
                    hash="2bb7b49b7f0664d2d3e412f42ed98d1f4d73223d",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_keeps_turn_c6abc",
                    table="requests_closing",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="nationalanswer",
            trigger=pgtrigger.compiler.Trigger(
                name="keeps_turn",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="PERFORM requests_keep_turn(COALESCE(NEW.support_request_id, OLD.support_request_id)); RETURN NULL;",
                    hash="3cca5827a8ec9303377ce3f9ff2f4b2679ee2967",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_keeps_turn_d4e9a",
                    table="requests_nationalanswer",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="referral",
            trigger=pgtrigger.compiler.Trigger(
                name="keeps_turn",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="PERFORM requests_keep_turn(COALESCE(NEW.support_request_id, OLD.support_request_id)); RETURN NULL;",
                    hash="f9c07307dcb6c77b95c2a1ee6888886c721df8eb",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_keeps_turn_3ec07",
                    table="requests_referral",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="solicitation",
            trigger=pgtrigger.compiler.Trigger(
                name="keeps_turn",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="PERFORM requests_keep_turn(COALESCE(NEW.support_request_id, OLD.support_request_id)); RETURN NULL;",
                    hash="4eda8c0c62c4e56ff8244f1353f2c5a62f4c5494",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_keeps_turn_66673",
                    table="requests_solicitation",
                    when="AFTER",
                ),
            ),
        ),
        migrations.RunSQL(UPDATE, migrations.RunSQL.noop),
    ]
