"""The names that our controls carry through Slack and back: written by `render`, read by `payloads`.

No colon-separated part holds anything personal: Slack shows these ids to other apps in the channel.
"""

from typing import Final

# action_id of a control that carries a token: "ob:approve:3".
OURS: Final = "ob:"
# action_id of a button that opens a page: Slack sends a click for it as well, which means nothing to us.
# https://docs.slack.dev/reference/block-kit/block-elements/button-element
LINK: Final = "link:"
# block_id of an input: "ob:field:successor"; the element in it is always called INPUT.
FIELD: Final = "ob:field:"
INPUT: Final = "ob:input"
FORM: Final = "ob:form"
# Callback of the global shortcut in the app's manifest.
START_SHORTCUT: Final = "offboard_start"
COMMAND: Final = "/offboard"
# Message metadata by which a posted card is found again.
CARD_EVENT: Final = "offboard_card"
