"""The addresses of `/account/`."""

from django.urls import path

from crmpos.accounts.views import log_in, own, password, two_step

app_name = "account"

urlpatterns = [
    path("", own.show_account, name="home"),
    path("login/", log_in.LogInView.as_view(), name="log_in"),
    path("login/code/", log_in.ask_for_code, name="code"),
    path("logout/", log_in.LogOutView.as_view(), name="log_out"),
    path("password/", password.ChangePasswordView.as_view(), name="password"),
    path("reset/", password.ask_for_new_password, name="reset"),
    path("reset/<str:uidb64>/<str:token>/", password.NewPasswordView.as_view(), name="new_password"),
    path("two-step/", two_step.show_two_step, name="two_step"),
    path("two-step/setup/", two_step.set_up, name="two_step_setup"),
    path("two-step/codes/", two_step.renew_codes, name="two_step_codes"),
    path("two-step/off/", two_step.turn_off, name="two_step_off"),
    path("sessions/", own.show_sessions, name="sessions"),
    path("sessions/others/end/", own.end_others, name="end_others"),
    path("sessions/<uuid:reference>/end/", own.end_one, name="end_session"),
]
