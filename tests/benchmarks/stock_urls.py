"""The addresses of `django.contrib.admin` alone, for the list that our pages are held against."""

from django.contrib import admin
from django.urls import path

urlpatterns = [path("admin/", admin.site.urls)]
