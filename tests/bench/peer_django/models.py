"""The service's tables, as Django sees them."""

import uuid

from django.db import models


class Account(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=200)
    organization_id = models.UUIDField()
    territory = models.CharField(max_length=16)
    disabled_at = models.DateTimeField(null=True)

    # What Django and the framework ask of a user.
    is_authenticated = True

    class Meta:
        managed = False
        db_table = "account"


class Beneficiary(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    version = models.IntegerField(default=1, editable=False)
    organization_id = models.UUIDField(editable=False)
    territory = models.CharField(max_length=16)
    surname = models.CharField(max_length=80)
    given_name = models.CharField(max_length=80)
    patronymic = models.CharField(max_length=80, null=True, blank=True)
    name_latin = models.CharField(max_length=500, default="", editable=False)
    name_cyrillic = models.CharField(max_length=500, default="", editable=False)
    strict_key = models.CharField(max_length=500, default="", editable=False)
    loose_key = models.CharField(max_length=500, default="", editable=False)
    skeleton_key = models.CharField(max_length=500, default="", editable=False)
    search = models.CharField(max_length=1500, default="", editable=False)
    sex = models.CharField(max_length=10)
    birth_date = models.DateField()
    birth_precision = models.CharField(max_length=10, default="day")
    phone_as_written = models.CharField(max_length=40, null=True, blank=True)
    phone_e164 = models.CharField(max_length=16, null=True, blank=True)
    deceased_on = models.DateField(null=True, blank=True)
    note = models.CharField(max_length=4000, null=True, blank=True)
    is_synthetic = models.BooleanField(default=False)

    class Meta:
        managed = False
        db_table = "beneficiary"
        # Pages need an order; this one costs nothing.
        ordering = ("id",)
