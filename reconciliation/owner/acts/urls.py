"""The addresses of what an owner does, below /shops/<number>/; they stand before those that take any word there."""

from django.urls import URLPattern, path

from reconciliation.owner.acts import asked, discrepancy, keys, names, people, setting_up

SHOP = "<int:number>"
ONE = f"{SHOP}/discrepancies/<int:discrepancy_id>"

urlpatterns: list[URLPattern] = [
    path(f"{ONE}/", discrepancy.discrepancy_view, name="discrepancy"),
    path(f"{ONE}/files/<int:attachment_id>/", discrepancy.attachment_view, name="attachment"),
    path(f"{ONE}/<slug:act>/", discrepancy.act_view, name="act"),
    path(f"{SHOP}/questions/", asked.questions_view, name="questions"),
    path(f"{SHOP}/names/", names.names_view, name="names"),
    path(f"{SHOP}/settings/", setting_up.settings_view, name="settings"),
    path(f"{SHOP}/keys/", keys.keys_view, name="keys"),
    path(f"{SHOP}/keys/<int:key_id>/rotate/", keys.rotate_view, name="rotate_key"),
    path(f"{SHOP}/keys/<int:key_id>/revoke/", keys.revoke_view, name="revoke_key"),
    path(f"{SHOP}/people/", people.people_view, name="people"),
    path(f"{SHOP}/people/<int:membership_id>/role/", people.role_view, name="change_role"),
    path(f"{SHOP}/people/<int:membership_id>/remove/", people.remove_view, name="remove_person"),
    path(
        f"{SHOP}/people/invitations/<int:invitation_id>/again/",
        people.invitation_view,
        {"step": "again"},
        name="send_invitation_again",
    ),
    path(
        f"{SHOP}/people/invitations/<int:invitation_id>/revoke/",
        people.invitation_view,
        {"step": "revoke"},
        name="revoke_invitation",
    ),
]
