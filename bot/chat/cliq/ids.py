"""The names by which Cliq and we know our components. `manifests/cliq.py` registers them."""

from typing import Final

COMMAND: Final = "offboard"
BUTTON_FUNCTION: Final = "offboardbutton"
FORM_FUNCTION: Final = "offboardform"
WIDGET_FUNCTION: Final = "offboardwidget"
HOME_MENU: Final = "Home"
FORM: Final = "offboard"
TOKEN_FIELD: Final = "token"
# Fields in which a form repeats an explanation that is too long for its hint; what comes back in them is no answer.
ABOUT_FIELD: Final = "about-"
# The query parameter of our URL that carries the secret.
SECRET_PARAMETER: Final = "s"
# The one tab of the widget.
TAB: Final = "home"
# Cliq takes letters, digits, "-" and "_" in the name of a field: https://www.zoho.com/cliq/help/platform/cliq-form.html
_DOT: Final = "--"


def input_name(field: str) -> str:
    """What one of our fields is called in a form."""
    return field.replace(".", _DOT)


def field_name(name: str) -> str:
    """Which of our fields an input of a form is."""
    return name.replace(_DOT, ".")
