"""Why a delivery can't be loaded."""

from collections.abc import Sequence

from django.utils.translation import gettext as _


class Refused(Exception):
    """A delivery that can't be loaded; the message is a sentence for who sent it.

    ``crs_candidates`` are the names of the systems that its coordinates fit, the likeliest first, where that is in doubt.
    """

    def __init__(self, sentence: str, crs_candidates: Sequence[str] = ()) -> None:
        super().__init__(sentence)
        self.crs_candidates = tuple(crs_candidates)


def cut_off(suffix: str) -> Refused:
    return Refused(_("The %(suffix)s ends too early: the file was cut off.") % {"suffix": suffix})


def not_a(format_name: str) -> Refused:
    return Refused(_("The file is no %(format)s.") % {"format": format_name})
