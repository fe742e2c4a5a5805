"""A Facebook Page: its feed, comments, mentions and Messenger, by Meta's Graph API."""
