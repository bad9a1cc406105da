"""Addresses of identity."""

from django.urls import path

from smartschool.contexts.identity.views import accounts, own

app_name = "identity"

_SCHOOL = "schools/<str:school_code>/accounts/"
_DISTRICT = "district/accounts/"

urlpatterns = [
    path("", own.home, name="home"),
    path("login/", own.sign_in, name="sign_in"),
    path("logout/", own.sign_out, name="sign_out"),
    path("account/place/", own.switch_place, name="place"),
    path(_SCHOOL, accounts.school, name="school_accounts"),
    path(_SCHOOL + "staff/", accounts.staff, name="staff_accounts"),
    path(_SCHOOL + "classes/<str:class_code>/<str:kind>/", accounts.of_class, name="class_accounts"),
    path(_SCHOOL + "unseated/<str:kind>/", accounts.unseated, name="unseated_accounts"),
    path(_SCHOOL + "login/<str:login>/", accounts.school_account, name="school_account"),
    path(_DISTRICT, accounts.district, name="district_accounts"),
    path(_DISTRICT + "offices/<str:unit_code>/", accounts.office, name="office_accounts"),
    path(_DISTRICT + "login/<str:login>/", accounts.district_account, name="district_account"),
    path("account/password/", own.change_password, name="password"),
]
