from django.contrib.auth.models import AbstractUser


class User(AbstractUser):
    """A person who signs in. Named by others through settings.AUTH_USER_MODEL only."""
