"""Addresses of the desk: its dashboard, and each file with its acts."""

from django.urls import path, re_path
from django.views.generic import RedirectView

from requests.queue import COUNTERS
from requests.views import (
    deciding,
    desk,
    file,
    followed,
    followup,
    recomputing,
    silence,
    solicitations,
    solution,
    triage,
    undo,
)

#: Address of an act → its page.
ACTS = {
    "accuser-reception": triage.Acknowledge,
    "demander-elements": triage.AskCompletion,
    "completer": triage.Complete,
    "qualifier": triage.Qualify,
    "decider": deciding.Decide,
    "solliciter": deciding.Solicit,
    "recalculer": recomputing.Recompute,
    "reorienter": triage.Redirect,
    "rattacher": triage.Attach,
    "detacher": triage.Detach,
    "transmettre-departement": triage.Transfer,
    "fermer": triage.Drop,
    "retirer": triage.Withdraw,
    "reprendre-demande": triage.TakeBack,
    "masquer": triage.Hide,
    "affecter": triage.Assign,
    "autoriser": triage.Grant,
    "proposer": solution.Propose,
    "retirer-proposition": solution.WithdrawProposal,
    "noter-reponse": solution.NoteAnswer,
    "designer": solution.Designate,
    "noter": followup.LogEntry,
    "suspendre": followup.Suspend,
    "reprendre": followup.Resume,
    "proposer-cloture": followup.ProposeClosing,
    "cloturer": followup.ConfirmClosing,
    "refuser-cloture": followup.RefuseClosing,
    "rouvrir": followup.Reopen,
    "joindre": file.AttachFilesView,
}

_COUNTERS = "|".join(counter.key for counter in COUNTERS)

urlpatterns = [
    path("guichet/", desk.DeskView.as_view(), name="desk"),
    path("guichet/propositions-suivies/", followed.FollowedView.as_view(), name="followed"),
    path("guichet/enregistrer/", desk.RecordView.as_view(), name="record"),
    path("guichet/silence/", silence.SilenceView.as_view(), name="silence"),
    path("guichet/silence/visites/", silence.VisitsView.as_view(), name="visits"),
    path("guichet/silence/visites/<uuid:uuid>/", silence.VisitView.as_view(), name="visit"),
    # « /guichet/a-lire/ » is easy to say and to keep: it leads to the filter of that name
    re_path(rf"^guichet/(?P<vue>{_COUNTERS})/$", RedirectView.as_view(url="/guichet/?vue=%(vue)s"), name="desk-view"),
    path("guichet/<reference:reference>/", file.FileView.as_view(), name="file"),
    path("guichet/<reference:reference>/proposition/", file.ProposalFragment.as_view(), name="file-proposal"),
    path("guichet/<reference:reference>/message/", file.MessageView.as_view(), name="file-message"),
    path("guichet/<reference:reference>/propositions/", recomputing.Proposals.as_view(), name="file-proposals"),
    path(
        "guichet/<reference:reference>/sollicitations/<uuid:uuid>/relancer/",
        solicitations.Remind.as_view(),
        name="solicitation-remind",
    ),
    path(
        "guichet/<reference:reference>/sollicitations/<uuid:uuid>/annuler/",
        solicitations.Cancel.as_view(),
        name="solicitation-cancel",
    ),
    path("guichet/<reference:reference>/annuler/", undo.UndoView.as_view(), name="undo"),
    *(
        path(f"guichet/<reference:reference>/{slug}/", view.as_view(), name=f"act-{slug}")
        for slug, view in ACTS.items()
    ),
]
