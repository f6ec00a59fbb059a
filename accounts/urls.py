"""Addresses of sign-in, profile, mandates and delegations."""

from django.urls import path

from accounts.views import acts, desk, mandates, sign_in

app_name = "accounts"

urlpatterns = [
    path("connexion/", sign_in.SignIn.as_view(), name="sign-in"),
    path("connexion/mot-de-passe/", sign_in.Password.as_view(), name="password"),
    path("connexion/code/", sign_in.Code.as_view(), name="code"),
    path("connexion/second-facteur/", sign_in.SecondFactor.as_view(), name="second-factor"),
    path("connexion/qui/", sign_in.Who.as_view(), name="who"),
    path("connexion/premiere-visite/", sign_in.FirstVisit.as_view(), name="first-visit"),
    path("deconnexion/", sign_in.SignOut.as_view(), name="sign-out"),
    path("mandat/", mandates.ChooseMandate.as_view(), name="choose-mandate"),
    path("profil/", mandates.Profile.as_view(), name="profile"),
    path("profil/modifier/", mandates.EditProfile.as_view(), name="edit-profile"),
    path("profil/mot-de-passe/", mandates.ChangePassword.as_view(), name="change-password"),
    path("profil/mandat/", mandates.Claim.as_view(), name="claim"),
    path("profil/mandat/<uuid:uuid>/preuve/", mandates.Prove.as_view(), name="prove"),
    path("profil/mandat/<uuid:uuid>/fin/", mandates.EndOwn.as_view(), name="end-own"),
    path("mandats/", desk.Mandates.as_view(), name="mandates"),
    path("mandats/renfort/", desk.Lend.as_view(), name="lend"),
    path("mandats/<uuid:uuid>/confirmer/", desk.Confirm.as_view(), name="confirm"),
    path("mandats/<uuid:uuid>/refuser/", desk.Refuse.as_view(), name="refuse"),
    path("mandats/<uuid:uuid>/fin/", desk.End.as_view(), name="end"),
    path("delegations/", acts.Acts.as_view(), name="acts"),
    path("delegations/nouvelle/", acts.RecordAct.as_view(), name="record-act"),
    path("delegations/changement-de-prefet/", acts.ChangePrefect.as_view(), name="change-of-prefect"),
    path("delegations/<uuid:uuid>/copie/", acts.Scan.as_view(), name="act-scan"),
    path("delegations/<uuid:uuid>/fin/", acts.EndAct.as_view(), name="end-act"),
]
