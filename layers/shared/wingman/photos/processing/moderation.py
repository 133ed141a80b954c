"""The decision whether others may see a photo (docs/photos.md says how a service plugs in)."""

from typing import Protocol

from wingman.photos.imaging import Images


class Moderator(Protocol):
    """Judges photos before they are published."""

    def allows(self, images: Images) -> bool:
        """Return whether others may see the photo.

        Raises DependencyUnavailable if there is no decision now; the photo then fails.
        """
        ...


class NoModeration(Moderator):
    """Allows each photo; reports are handled by people."""

    def allows(self, images: Images) -> bool:  # noqa: ARG002
        return True
