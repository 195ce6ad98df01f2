"""Users and groups in the admin, in the look of everything else."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crmpos.accounts.admin import LogInsOfPersonMixin
from shops.admin_base import AdminPasswordChangeForm, ModelAdmin, TabularInline, UserChangeForm, UserCreationForm
from shops.models import Membership
from shops.people import NOBODYS, note_change
from shops.roles import belongs_to
from shops.visibility import scope_of, visible_people

admin.site.index_title = _("Overview")

admin.site.unregister(User)
admin.site.unregister(Group)


class MembershipInline(TabularInline):
    """The shops of a person, and the role in each, as far as the reader sees them."""

    model = Membership


@admin.register(User)
class UserAdmin(LogInsOfPersonMixin, DjangoUserAdmin, ModelAdmin):  # type: ignore[type-arg]
    """People of the shops that the reader sees. Only a superuser says who may do anything everywhere."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    inlines = (MembershipInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Those who belong to a shop that the person sees."""
        people: QuerySet[User] = super().get_queryset(request)
        return people & visible_people(request.user)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        """What these give holds in every shop of the person, or in all there are."""
        fixed = super().get_readonly_fields(request, obj)
        return fixed if request.user.is_superuser else (*fixed, "is_superuser", "groups", "user_permissions")

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return super().has_change_permission(request, obj) and self._has_power(request, obj, "auth.change_user")

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return super().has_delete_permission(request, obj) and self._has_power(request, obj, "auth.delete_user")

    def _has_power(self, request: HttpRequest, person: Model | None, permission: str) -> bool:
        """Over somebody with a shop besides, a new password would open that shop too."""
        if not isinstance(person, User) or request.user.is_superuser:
            return True
        return not person.is_superuser and scope_of(request.user, permission).covers(belongs_to(person))

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
    """What a group allows holds in all shops: it is changed by who may change it in all of them."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and scope_of(request.user, "auth.add_group").every_shop

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        may = super().has_change_permission(request, obj)
        return may and scope_of(request.user, "auth.change_group").every_shop

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        may = super().has_delete_permission(request, obj)
        return may and scope_of(request.user, "auth.delete_group").every_shop
