"""Users and groups in the admin, in the look of everything else."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crmpos.accounts.admin import LogInsOfPersonMixin
from shops.admin_base import AdminPasswordChangeForm, ModelAdmin, TabularInline, UserChangeForm, UserCreationForm
from shops.models import Membership
from shops.people import NOBODYS, note_change
from shops.visibility import visible_people

admin.site.index_title = _("Overview")

admin.site.unregister(User)
admin.site.unregister(Group)


class MembershipInline(TabularInline):
    """The shops of a person, and the role in each."""

    model = Membership


@admin.register(User)
class UserAdmin(LogInsOfPersonMixin, DjangoUserAdmin, ModelAdmin):  # type: ignore[type-arg]
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    inlines = (MembershipInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Those who belong to a shop that the person sees."""
        people: QuerySet[User] = super().get_queryset(request)
        return people & visible_people(request.user)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """What changes of memberships is written down as on the people page of a shop."""
        before = {row.pk: row.role for row in Membership.objects.filter(person=form.instance)}
        super().save_formset(request, form, formset, change)
        if formset.model is not Membership:
            return
        assert isinstance(request.user, User)
        now = timezone.now()
        for membership in Membership.objects.filter(person=form.instance):
            old = before.get(membership.pk, NOBODYS)
            if membership.role != old:
                note_change(membership, old, membership.role, actor=request.user, now=now)
        for membership in formset.deleted_objects:
            note_change(membership, membership.role, NOBODYS, actor=request.user, now=now)


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, ModelAdmin):
    pass
