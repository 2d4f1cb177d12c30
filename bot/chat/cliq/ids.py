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
