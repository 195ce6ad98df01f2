"""Users and groups in the admin, in the look of everything else."""

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from crmpos.accounts.admin import LogInsOfPersonMixin
from shops.admin_base import AdminPasswordChangeForm, ModelAdmin, TabularInline, UserChangeForm, UserCreationForm
from shops.models import Membership
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


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, ModelAdmin):
    pass
