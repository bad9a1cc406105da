"""Addresses of identity."""

from django.urls import path

from smartschool.contexts.identity import views

app_name = "identity"

urlpatterns = [
    path("", views.home, name="home"),
    path("login/", views.sign_in, name="sign_in"),
    path("logout/", views.sign_out, name="sign_out"),
    path("account/place/", views.switch_place, name="place"),
    path("schools/<str:school_code>/accounts/", views.school_accounts, name="school_accounts"),
    path("district/accounts/", views.district_accounts, name="district_accounts"),
    path("account/password/", views.change_password, name="password"),
]
